namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>What a configuration says of all matrices of GPTQ or AWQ.</summary>
/// <param name="Bits">Bits of an integer, 4 or 8.</param>
/// <param name="GroupSize">Columns that share a scale; -1 for all.</param>
/// <param name="IsSymmetric">Whether zeros are in the middle everywhere.</param>
/// <param name="ZeroOffset">What is added to stored zeros: 1 in the first version of GPTQ's files.</param>
internal sealed record PackedIntegerSettings(int Bits, int GroupSize, bool IsSymmetric, int ZeroOffset);
