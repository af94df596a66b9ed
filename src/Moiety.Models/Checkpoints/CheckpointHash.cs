using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// What a model is, in 32 hexadecimal digits: a hash of its configuration and of every tensor's name, format, shape and bytes. Where the
/// files lie, and their other contents, do not count.
/// </summary>
public static class CheckpointHash
{
    private const int BlockLength = 1 << 24;

    private static readonly JsonSerializerOptions Plain = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Hashes a checkpoint; reads all its weights.</summary>
    public static unsafe string Of(Checkpoint checkpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(checkpoint.Config, Plain));
        foreach (string name in checkpoint.TensorNames)
        {
            Matrix tensor = checkpoint.OpenTensor(name, out IDisposable? copy);
            using IDisposable? kept = copy;
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"\n{name} {tensor.Format.Name} {tensor.Rows}x{tensor.Columns}\n")));
            long length = tensor.Rows * tensor.RowBytes;
            for (long start = 0; start < length; start += BlockLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(new ReadOnlySpan<byte>(tensor.Data + start, (int)Math.Min(BlockLength, length - start)));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}
