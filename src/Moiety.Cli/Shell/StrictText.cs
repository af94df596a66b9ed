using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Moiety.Models;

namespace Moiety.Cli.Shell;

/// <summary>Reads text that must be valid UTF-8: a model would be asked something else if bytes were replaced in silence.</summary>
internal static class StrictText
{
    /// <summary>Reads a file, or standard input when the path is <c>-</c>.</summary>
    /// <exception cref="InvalidInputException">There is no such file, or it is not UTF-8.</exception>
    public static string Read(string path, Terminal terminal)
    {
        if (path != "-")
        {
            return Decode(ReadBytes(path), path);
        }

        using MemoryStream bytes = new();
        terminal.RawInput.CopyTo(bytes);
        return Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), "standard input");
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidInputException">There is no such file, or it is a folder.</exception>
    public static byte[] ReadBytes(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidInputException($"{path} is a folder, where a text file is expected.");
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file.");
        }

        return File.ReadAllBytes(path);
    }

    /// <summary>Decodes UTF-8; a byte order mark at the start is dropped.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="source">Where they came from, for the error.</param>
    /// <exception cref="InvalidInputException">The bytes are not UTF-8; the message names the offset of the first wrong one.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string source)
    {
        int mark = bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        char[] characters = ArrayPool<char>.Shared.Rent(bytes.Length - mark + 1);
        try
        {
            OperationStatus status = Utf8.ToUtf16(bytes[mark..], characters, out int read, out int written, replaceInvalidSequences: false);
            if (status != OperationStatus.Done)
            {
                int offset = mark + read;
                throw new InvalidInputException(
                    $"{source}: not valid UTF-8: byte 0x{bytes[offset]:X2} at offset {offset}. Convert the text first (for example: iconv -f latin1 -t utf-8).");
            }

            return new string(characters, 0, written);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
