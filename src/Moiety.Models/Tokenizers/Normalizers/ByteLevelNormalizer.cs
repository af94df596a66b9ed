using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>ByteLevel</c>: spells every byte in GPT-2's printable alphabet.</summary>
public sealed class ByteLevelNormalizer : Normalizer
{
    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        foreach (byte value in text)
        {
            output.Add(new Rune(ByteAlphabet.CharacterOf(value)));
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "ByteLevel");
}
