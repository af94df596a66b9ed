using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Sequence</c>: one after the other, each within the words of the one before.</summary>
public sealed class PreTokenizerSequence : PreTokenizer
{
    // After ByteLevel, the library's next components see bytes spelled in the printable alphabet, and split between the letters of one character.
    private readonly int _spelledAfter;

    /// <summary>Creates the component.</summary>
    /// <exception cref="InvalidInputException">There is more than one <c>ByteLevel</c>.</exception>
    public PreTokenizerSequence(ImmutableArray<PreTokenizer> stages)
    {
        Stages = stages;
        int byteLevel = stages.TakeWhile(static stage => stage is not ByteLevelPreTokenizer).Count();
        _spelledAfter = byteLevel < stages.Length - 1 ? byteLevel : -1;
        if (stages.Count(static stage => stage is ByteLevelPreTokenizer) > 1)
        {
            throw new InvalidInputException("A sequence of pre-tokenizers has ByteLevel twice, which would spell bytes twice.");
        }
    }

    /// <summary>The components.</summary>
    public ImmutableArray<PreTokenizer> Stages { get; }

    /// <inheritdoc/>
    internal override void Apply(ref WordList words)
    {
        for (int i = 0; i < Stages.Length; i++)
        {
            Stages[i].Apply(ref words);
            if (i == _spelledAfter)
            {
                Spell(ref words);
            }
        }

        if (_spelledAfter >= 0)
        {
            Unspell(ref words);
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("pretokenizers");
        foreach (PreTokenizer stage in Stages)
        {
            writer.WriteStartObject();
            stage.Write(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => words.Add(offset, offset + word.Length);

    private static void Spell(ref WordList words)
    {
        words.BeginStage();
        byte[] spelled = ArrayPool<byte>.Shared.Rent(checked(2 * words.Text.Length));
        int at = 0;
        while (words.TryNext(out int start, out int end))
        {
            int from = at;
            at += ByteAlphabet.Spell(words.Text[start..end], spelled.AsSpan(at));
            words.Add(from, at);
        }

        words.Replace(spelled, at);
    }

    private static void Unspell(ref WordList words)
    {
        words.BeginStage();
        byte[] bytes = ArrayPool<byte>.Shared.Rent(words.Text.Length);
        int at = 0;
        while (words.TryNext(out int start, out int end))
        {
            int from = at;
            at += ByteAlphabet.Unspell(words.Text[start..end], bytes.AsSpan(at));
            words.Add(from, at);
        }

        words.Replace(bytes, at);
    }
}
