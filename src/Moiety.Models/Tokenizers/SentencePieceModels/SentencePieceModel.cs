using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary>
/// What a SentencePiece file says (<c>tokenizer.model</c>, <c>spm.model</c>, <c>spiece.model</c>): the protocol buffer
/// <c>ModelProto</c> of <c>sentencepiece_model.proto</c>, less what only training needs.
/// </summary>
public sealed record SentencePieceModel
{
    // The largest published file, Gemma's, has 4 MB.
    private const long LargestFile = 128L << 20;

    /// <summary>The pieces in the order of their ids.</summary>
    public required ImmutableArray<SentencePiece> Pieces { get; init; }

    /// <summary>How pieces are chosen.</summary>
    public SentencePieceModelType Type { get; init; } = SentencePieceModelType.Unigram;

    /// <summary>Whether a character without a piece becomes bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Id of the token that starts a text, or -1.</summary>
    public int BosId { get; init; } = 1;

    /// <summary>Id of the token that ends a text, or -1.</summary>
    public int EosId { get; init; } = 2;

    /// <summary>How text is rewritten first.</summary>
    public SentencePieceNormalizer Normalizer { get; init; } = new(null);

    /// <summary>Whether a space comes before a text.</summary>
    public bool AddDummyPrefix { get; init; } = true;

    /// <summary>Whether spaces are marked with U+2581.</summary>
    public bool EscapeWhitespaces { get; init; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read, is malformed, or uses a setting that is not supported.</exception>
    public static SentencePieceModel ReadFile(string path) => Read(TokenizerJson.ReadBytes(path, LargestFile), path);

    /// <summary>Reads the contents of a file.</summary>
    /// <param name="contents">The whole file.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">It is malformed, or uses a setting that is not supported.</exception>
    public static SentencePieceModel Read(ReadOnlySpan<byte> contents, string path)
    {
        ImmutableArray<SentencePiece>.Builder pieces = ImmutableArray.CreateBuilder<SentencePiece>();
        SentencePieceModel model = new() { Pieces = [] };
        ProtobufReader reader = new(contents, path, "model");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    pieces.Add(pieces.Count < VocabularyTokenizer.LargestVocabulary
                        ? ReadPiece(reader.Content(), path, pieces.Count)
                        : throw reader.Error($"there are more than {VocabularyTokenizer.LargestVocabulary} pieces"));
                    break;
                case 2:
                    model = ReadTrainer(model, reader.Content(), path);
                    break;
                case 3:
                    model = ReadNormalizer(model, reader.Content(), path);
                    break;
                default:
                    break;
            }
        }

        return pieces.Count > 0
            ? model with { Pieces = pieces.ToImmutable() }
            : throw reader.Error("there are no pieces; is this a SentencePiece model?");
    }

    private static SentencePiece ReadPiece(ReadOnlySpan<byte> message, string path, int id)
    {
        string text = "";
        float score = 0;
        SentencePieceType type = SentencePieceType.Normal;
        ProtobufReader reader = new(message, path, $"piece {id}");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    text = Utf8.IsValid(reader.Content()) ? Encoding.UTF8.GetString(reader.Content()) : throw reader.Error("it is not UTF-8");
                    break;
                case 2:
                    score = reader.Single();
                    break;
                case 3:
                    type = (SentencePieceType)reader.Int32();
                    break;
                default:
                    break;
            }
        }

        if (text.Length == 0 || !float.IsFinite(score) || !Enum.IsDefined(type))
        {
            throw reader.Error(text.Length == 0 ? "it is empty" : !float.IsFinite(score) ? $"its score is {score}" : $"its type {(int)type} is not known");
        }

        return new SentencePiece(text, score, type);
    }

    private static SentencePieceModel ReadTrainer(SentencePieceModel model, ReadOnlySpan<byte> message, string path)
    {
        ProtobufReader reader = new(message, path, "trainer_spec");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3:
                    model = model with { Type = (SentencePieceModelType)reader.Int32() };
                    break;
                case 24 when reader.Boolean():
                    throw reader.Error("treat_whitespace_as_suffix is not supported");
                case 35:
                    model = model with { ByteFallback = reader.Boolean() };
                    break;
                case 41:
                    model = model with { BosId = reader.Int32() };
                    break;
                case 42:
                    model = model with { EosId = reader.Int32() };
                    break;
                default:
                    break;
            }
        }

        return model.Type is SentencePieceModelType.Unigram or SentencePieceModelType.Bpe
            ? model
            : throw reader.Error($"the model type {model.Type} is not supported; supported are Unigram and Bpe");
    }

    private static SentencePieceModel ReadNormalizer(SentencePieceModel model, ReadOnlySpan<byte> message, string path)
    {
        CharacterMap? map = null;
        bool merges = true;
        ProtobufReader reader = new(message, path, "normalizer_spec");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2 when !reader.Content().IsEmpty:
                    map = ReadMap(reader.Content(), path);
                    break;
                case 3:
                    model = model with { AddDummyPrefix = reader.Boolean() };
                    break;
                case 4:
                    merges = reader.Boolean();
                    break;
                case 5:
                    model = model with { EscapeWhitespaces = reader.Boolean() };
                    break;
                default:
                    break;
            }
        }

        return model with { Normalizer = new SentencePieceNormalizer(map) { RemoveExtraWhitespaces = merges } };
    }

    private static CharacterMap ReadMap(ReadOnlySpan<byte> contents, string path)
    {
        try
        {
            return new CharacterMap(contents.ToArray());
        }
        catch (InvalidInputException error)
        {
            throw new InvalidCheckpointException(path, "normalizer_spec.precompiled_charsmap", error.Message);
        }
    }
}
