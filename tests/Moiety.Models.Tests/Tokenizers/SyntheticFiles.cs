using System.Buffers.Binary;
using System.Text;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Small tokenizer files in other programs' formats, written here byte by byte.</summary>
internal static class SyntheticFiles
{
    private static readonly string[] Pieces =
    [
        " ", "a", "b", "c", "d", "é", "1", "\n", "ab", "bc", "abc", " a", " ab", "cd", "bcd", "aa", "aaa", "  ", "1a", "éa", " é", "<", "s", ">", "b c",
    ];

    /// <summary>A vocabulary with equal scores, competing merges and a piece with an inner space.</summary>
    public static (string Piece, float Score)[] Vocabulary =>
    [
        ("<unk>", 0), ("\n<s>\n", 0), ("\n</s>\n", 0),
        .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f)),
        .. Pieces.Select((piece, i) => (piece, -(float)(i * 7 % 5))),
    ];

    /// <summary>llama2.c's <c>tokenizer.bin</c> of the vocabulary.</summary>
    public static byte[] Llama2C()
    {
        using MemoryStream file = new();
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(number, Vocabulary.Max(entry => Encoding.UTF8.GetByteCount(entry.Piece)));
        file.Write(number);
        foreach ((string piece, float score) in Vocabulary)
        {
            BinaryPrimitives.WriteSingleLittleEndian(number, score);
            file.Write(number);
            byte[] bytes = Encoding.UTF8.GetBytes(piece);
            BinaryPrimitives.WriteInt32LittleEndian(number, bytes.Length);
            file.Write(number);
            file.Write(bytes);
        }

        return file.ToArray();
    }
}
