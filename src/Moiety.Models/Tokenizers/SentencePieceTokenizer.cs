using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// What tokenizers in the manner of SentencePiece share (Kudo and Richardson, arXiv 1808.06226), whichever way they choose pieces:
/// spaces are marked and belong to the pieces, and characters without a piece fall back to bytes.
/// </summary>
public abstract class SentencePieceTokenizer : VocabularyTokenizer
{
    private readonly PreTokenizerSequence _preTokenizer;
    private readonly byte[] _mark;
    private readonly int[] _byteIds = new int[256];
    private readonly bool _bytesComplete;
    private readonly ByteTrie? _userDefined;

    /// <summary>Takes the vocabulary over.</summary>
    private protected SentencePieceTokenizer(IReadOnlyList<string?> pieces, SentencePieceOptions options)
        : base(pieces, options, DefaultDecoder(options))
    {
        Options = options;
        _preTokenizer = new PreTokenizerSequence(options.PreTokenizers);
        _mark = Encoding.UTF8.GetBytes([options.SpaceMark]);
        Array.Fill(_byteIds, -1);
        HashSet<int> added = [.. options.AddedTokens.Select(token => token.Id)];
        for (int id = 0; id < VocabularySize; id++)
        {
            if (options.ByteFallback && IsUsed(id) && !added.Contains(id) && id != options.UnknownTokenId && TryReadByte(GetPiece(id), out byte value))
            {
                _byteIds[value] = id;
            }
        }

        _bytesComplete = !_byteIds.Contains(-1);
        _userDefined = options.UserDefined.IsEmpty ? null : new ByteTrie(options.UserDefined.Select(id => (Encoding.UTF8.GetBytes(GetPiece(id)), id)));
    }

    /// <summary>The character that stands for a space in pieces.</summary>
    public char SpaceMark => Options.SpaceMark;

    /// <summary>Where a space is added when encoding.</summary>
    public SpacePrefix SpacePrefix => Options.SpacePrefix;

    /// <summary>Whether every space begins a new word.</summary>
    public bool SplitsAtSpaces => Options.SplitsAtSpaces;

    /// <summary>Whether a character that the vocabulary does not spell becomes bytes.</summary>
    public bool ByteFallback => Options.ByteFallback;

    /// <summary>Whether several unknown characters in a row are one unknown token.</summary>
    public bool FuseUnknown => Options.FuseUnknown;

    /// <summary>Pieces that stay whole wherever marked text has them.</summary>
    public ImmutableArray<int> UserDefined => Options.UserDefined;

    /// <summary>Cut one after the other before spaces are marked.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers => Options.PreTokenizers;

    /// <inheritdoc/>
    internal override ImmutableArray<AddedToken> WrittenTokens =>
        [.. AddedTokens, .. UserDefined.Select(id => new AddedToken { Id = id, Content = GetPiece(id) })];

    /// <summary>All settings.</summary>
    private protected SentencePieceOptions Options { get; }

    /// <summary>Whether no piece has a mark after other text, so that words can be encoded one by one.</summary>
    private protected bool SplitsBeforeMarks { get; init; }

    /// <summary>Whether a piece is the fallback for a byte, <c>&lt;0x0A&gt;</c>.</summary>
    internal static bool TryReadByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Whether a piece has a mark after other text.</summary>
    private protected static bool HasMarkAfterText(string piece, char mark) => piece.AsSpan().TrimStart(mark).Contains(mark);

    /// <summary>Whether the id is the fallback for a byte.</summary>
    private protected bool IsByte(int id) => TryReadByte(GetPiece(id), out byte value) && _byteIds[value] == id;

    /// <summary>The piece of a byte, or -1.</summary>
    private protected int ByteId(byte value) => _byteIds[value];

    /// <summary>Whether there is a piece for every one of these bytes.</summary>
    private protected bool HasBytes(ReadOnlySpan<byte> text)
    {
        if (!_bytesComplete)
        {
            foreach (byte value in text)
            {
                if (_byteIds[value] < 0)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Whether user-defined pieces are cut out before words are encoded.</summary>
    private protected virtual bool CutsUserDefined => true;

    /// <summary>Encodes text between marks.</summary>
    private protected abstract void EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output);

    private protected override void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output)
    {
        if (Options.PreTokenizers.IsEmpty)
        {
            EncodeMarked(text, first, ref output);
            return;
        }

        WordList words = new(text, first);
        _preTokenizer.Apply(ref words);
        for (int i = 0; i < words.Count; i++)
        {
            EncodeMarked(words[i], first && i == 0, ref output);
        }

        words.Dispose();
    }

    private void EncodeMarked(ReadOnlySpan<byte> text, bool first, ref IdBuffer output)
    {
        ByteBuffer marked = new(text.Length + 16);
        Mark(text, first, ref marked);
        ReadOnlySpan<byte> rest = marked.Bytes;
        while (_userDefined is not null && CutsUserDefined && FindUserDefined(rest) is { Length: > 0 } found)
        {
            EncodeWords(rest[..found.Start], ref output);
            output.Add(found.Id);
            rest = rest[(found.Start + found.Length)..];
        }

        EncodeWords(rest, ref output);
        marked.Dispose();
    }

    private void EncodeWords(ReadOnlySpan<byte> text, ref IdBuffer output)
    {
        while (!text.IsEmpty)
        {
            int length = WordLength(text);
            EncodeWord(text[..length], ref output);
            text = text[length..];
        }
    }

    private (int Start, int Length, int Id) FindUserDefined(ReadOnlySpan<byte> text)
    {
        for (int start = 0; start < text.Length; start++)
        {
            (int length, int id) = _userDefined!.Longest(text[start..]);
            if (length > 0)
            {
                return (start, length, id);
            }
        }

        return default;
    }

    private static SequenceDecoder DefaultDecoder(SentencePieceOptions options)
    {
        ImmutableArray<TokenDecoder>.Builder decoders = ImmutableArray.CreateBuilder<TokenDecoder>();
        if (options.SpaceMark != ' ')
        {
            decoders.Add(new ReplaceDecoder(options.SpaceMark.ToString(), " "));
        }

        if (options.ByteFallback)
        {
            decoders.Add(new ByteFallbackDecoder());
        }

        decoders.Add(new FuseDecoder());
        if (options.StripsLeadingSpace)
        {
            decoders.Add(new StripDecoder(new Rune(' '), 1, 0));
        }

        return new SequenceDecoder(decoders.ToImmutable());
    }

    private void Mark(ReadOnlySpan<byte> text, bool first, ref ByteBuffer marked)
    {
        bool spaced = text[0] == ' ' || text.StartsWith(_mark);
        bool prefix = SpacePrefix switch
        {
            SpacePrefix.EverySegment => true,
            SpacePrefix.EverySegmentWithoutSpace => !spaced,
            SpacePrefix.FirstSegmentWithoutSpace => first && !spaced,
            _ => false,
        };
        if (prefix)
        {
            marked.Add(_mark);
        }

        while (text.IndexOf((byte)' ') is >= 0 and int space)
        {
            marked.Add(text[..space]);
            marked.Add(_mark);
            text = text[(space + 1)..];
        }

        marked.Add(text);
    }

    // No piece has a mark after other text, so no merge crosses the end of a word: words can be encoded one by one.
    private int WordLength(ReadOnlySpan<byte> text)
    {
        if (!SplitsBeforeMarks && !SplitsAtSpaces)
        {
            return text.Length;
        }

        int at = 0;
        while (text[at..].StartsWith(_mark))
        {
            at += _mark.Length;
            if (SplitsAtSpaces)
            {
                break;
            }
        }

        int next = text[at..].IndexOf(_mark);
        return next < 0 ? text.Length : Math.Max(at + next, 1);
    }
}
