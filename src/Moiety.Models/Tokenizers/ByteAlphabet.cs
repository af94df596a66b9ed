using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// The printable alphabet in which GPT-2 spells bytes (Radford et al., 2019): printable Latin-1 bytes are themselves, the other 68
/// are the characters from U+0100 on, so that a space is <c>Ġ</c>.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] ByteToChar = MakeByteToChar();
    private static readonly short[] CharToByte = MakeCharToByte();

    /// <summary>All bytes in the order of their characters, which is the order of the initial ids of a trained vocabulary.</summary>
    public static byte[] BytesInOrder { get; } = [.. Enumerable.Range(0, 256).OrderBy(b => ByteToChar[b]).Select(b => (byte)b)];

    /// <summary>Spells one byte.</summary>
    public static char CharacterOf(byte value) => ByteToChar[value];

    /// <summary>Spells bytes.</summary>
    public static string Spell(ReadOnlySpan<byte> bytes) => string.Create(bytes.Length, bytes, static (text, source) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = ByteToChar[source[i]];
        }
    });

    /// <summary>Spells bytes in UTF-8, two bytes for each at most.</summary>
    /// <returns>The length in bytes.</returns>
    public static int Spell(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        int at = 0;
        foreach (byte value in bytes)
        {
            at += new Rune(ByteToChar[value]).EncodeToUtf8(target[at..]);
        }

        return at;
    }

    /// <summary>The bytes that were spelled by <see cref="Spell(ReadOnlySpan{byte}, Span{byte})"/>.</summary>
    /// <returns>Their number.</returns>
    public static int Unspell(ReadOnlySpan<byte> spelled, Span<byte> target)
    {
        int at = 0;
        foreach (Rune rune in Encoding.UTF8.GetString(spelled).EnumerateRunes())
        {
            target[at++] = (byte)CharToByte[rune.Value];
        }

        return at;
    }

    /// <summary>The bytes that a piece spells; when it has a character outside of the alphabet, the UTF-8 of the piece.</summary>
    public static byte[] Read(string piece)
    {
        byte[] bytes = new byte[piece.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            char c = piece[i];
            if (c >= CharToByte.Length || CharToByte[c] < 0)
            {
                return Encoding.UTF8.GetBytes(piece);
            }

            bytes[i] = (byte)CharToByte[c];
        }

        return bytes;
    }

    private static char[] MakeByteToChar()
    {
        char[] map = new char[256];
        char next = (char)256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            map[b] = printable ? (char)b : next++;
        }

        return map;
    }

    private static short[] MakeCharToByte()
    {
        short[] map = new short[256 + 68];
        Array.Fill(map, (short)-1);
        for (int b = 0; b < 256; b++)
        {
            map[ByteToChar[b]] = (short)b;
        }

        return map;
    }
}
