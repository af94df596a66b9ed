using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Reads llama2.c's <c>tokenizer.bin</c>: the length of the longest piece (int32), then for each piece its score (float32), its length
/// (int32) and its bytes, up to the end of the file. Id 0 is unknown, 1 is BOS, 2 is EOS, then come the 256 bytes.
/// </summary>
public static class Llama2CTokenizer
{
    private const int UnknownId = 0;
    private const int BosId = 1;
    private const int EosId = 2;
    private const int FirstByteId = 3;
    private const int FirstPieceId = FirstByteId + 256;

    // The published files have half a megabyte.
    private const long LargestFile = 64L << 20;

    /// <summary>Reads the tokenizer.</summary>
    /// <exception cref="InvalidCheckpointException">The file cannot be read, is truncated or malformed.</exception>
    public static SentencePieceBpeTokenizer ReadFile(string path) => Read(TokenizerJson.ReadBytes(path, LargestFile), path);

    /// <summary>Reads the tokenizer from the contents of the file.</summary>
    /// <param name="contents">The whole file.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">The file is truncated or malformed.</exception>
    public static SentencePieceBpeTokenizer Read(ReadOnlySpan<byte> contents, string path)
    {
        if (contents.Length < 4)
        {
            throw new InvalidCheckpointException(path, "max_token_length", $"the file has only {contents.Length} bytes");
        }

        int longest = BinaryPrimitives.ReadInt32LittleEndian(contents);
        if (longest is < 1 or > SentencePieceBpeTokenizer.LongestMergedPiece)
        {
            throw new InvalidCheckpointException(
                path, "max_token_length", $"must be from 1 to {SentencePieceBpeTokenizer.LongestMergedPiece}, not {longest}: is this a tokenizer.bin?");
        }

        List<string?> pieces = [];
        List<float> scores = [];
        ReadOnlySpan<byte> rest = contents[4..];
        while (!rest.IsEmpty)
        {
            string field = $"piece {pieces.Count}";
            if (rest.Length < 8)
            {
                throw new InvalidCheckpointException(path, field, "the file ends within its score and length (truncated?)");
            }

            scores.Add(BinaryPrimitives.ReadSingleLittleEndian(rest));
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
            rest = rest[8..];
            if (length < 0 || length > longest || length > rest.Length)
            {
                throw new InvalidCheckpointException(
                    path, field, $"its length is {length}; the longest piece has {longest} bytes and {rest.Length} bytes are left");
            }

            if (!Utf8.IsValid(rest[..length]))
            {
                throw new InvalidCheckpointException(path, field, "it is not UTF-8");
            }

            pieces.Add(Encoding.UTF8.GetString(rest[..length]));
            rest = rest[length..];
        }

        RequireBytes(pieces, path);
        try
        {
            return SentencePieceBpeTokenizer.FromScores(pieces, scores, Options());
        }
        catch (InvalidInputException error)
        {
            throw new InvalidCheckpointException(path, "pieces", error.Message);
        }
    }

    private static void RequireBytes(List<string?> pieces, string path)
    {
        if (pieces.Count < FirstPieceId)
        {
            throw new InvalidCheckpointException(
                path, "pieces", $"there are {pieces.Count}; three special ones and 256 bytes must come first (truncated?)");
        }

        for (int value = 0; value < 256; value++)
        {
            if (!SentencePieceBpeTokenizer.TryReadByte(pieces[FirstByteId + value]!, out byte read) || read != value)
            {
                throw new InvalidCheckpointException(
                    path, $"piece {FirstByteId + value}", $"must be <0x{value:X2}>, not \"{pieces[FirstByteId + value]}\"");
            }
        }
    }

    private static SentencePieceOptions Options() => new()
    {
        SpaceMark = ' ',
        BosTokenId = BosId,
        EosTokenIds = [EosId],
        UnknownTokenId = UnknownId,
        Prefix = [BosId],
        AddedTokens =
        [
            new AddedToken { Id = UnknownId, Content = "<unk>", Special = true },
            new AddedToken { Id = BosId, Content = "<s>", Special = true },
            new AddedToken { Id = EosId, Content = "</s>", Special = true },
        ],
    };
}
