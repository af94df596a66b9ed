using System.Collections.Immutable;

namespace Moiety.Models.Quantization;

/// <summary>What quantizing a checkpoint did.</summary>
/// <param name="BytesBefore">Bytes of all tensors before.</param>
/// <param name="BytesAfter">Bytes of all tensors after.</param>
/// <param name="Notes">For people: which tensors did not get the wished format, and why.</param>
public sealed record QuantizationResult(long BytesBefore, long BytesAfter, ImmutableArray<string> Notes);
