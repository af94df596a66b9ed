using System.Buffers;
using System.Text.Json;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>
/// <c>ByteLevel</c>: splits as GPT-2 does, and says that the model works on bytes. The library spells the bytes in a printable alphabet;
/// here they stay as they are.
/// </summary>
/// <param name="addPrefixSpace">Whether a word that does not begin with a space gets one.</param>
/// <param name="usesPattern">Whether to split by <see cref="KnownPatterns.Gpt2"/>.</param>
public sealed class ByteLevelPreTokenizer(bool addPrefixSpace = false, bool usesPattern = true) : PreTokenizer
{
    private readonly PatternSplitter? _splitter = usesPattern ? new PatternSplitter(Pattern.Parse(KnownPatterns.Gpt2), SplitBehavior.Isolated) : null;

    /// <summary>Whether a word that does not begin with a space gets one.</summary>
    public bool AddPrefixSpace => addPrefixSpace;

    /// <inheritdoc/>
    internal override string? Isolates => addPrefixSpace ? null : usesPattern ? KnownPatterns.Gpt2 : "";

    /// <inheritdoc/>
    internal override void Apply(ref WordList words)
    {
        if (addPrefixSpace)
        {
            Prefix(ref words);
        }

        if (usesPattern)
        {
            base.Apply(ref words);
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "ByteLevel");
        writer.WriteBoolean("add_prefix_space", addPrefixSpace);
        writer.WriteBoolean("trim_offsets", true);
        writer.WriteBoolean("use_regex", usesPattern);
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => _splitter?.Cut(word, offset, ref words);

    private static void Prefix(ref WordList words)
    {
        words.BeginStage();
        byte[] spaced = ArrayPool<byte>.Shared.Rent(checked(words.Text.Length + words.PreviousCount));
        int at = 0;
        while (words.TryNext(out int start, out int end))
        {
            int from = at;
            ReadOnlySpan<byte> word = words.Text[start..end];
            if (word[0] != ' ')
            {
                spaced[at++] = (byte)' ';
            }

            word.CopyTo(spaced.AsSpan(at));
            at += word.Length;
            words.Add(from, at);
        }

        words.Replace(spaced, at);
    }
}
