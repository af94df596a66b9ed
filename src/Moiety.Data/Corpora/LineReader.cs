using Moiety.Models;

namespace Moiety.Data.Corpora;

/// <summary>
/// Reads a file line by line as bytes and counts the lines, so that an error can name the line. A line may be as long
/// as <see cref="MaximumLineLength"/>; a longer one is an error, never an allocation without bound.
/// </summary>
internal sealed class LineReader : IDisposable
{
    internal const int MaximumLineLength = 64 << 20;
    private readonly string _path;
    private readonly FileStream _stream;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    internal LineReader(string path)
    {
        _path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: the file cannot be read ({error.Message})", error);
        }

        Fill();
        if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
        {
            _start = 3;
        }
    }

    /// <summary>The number of the line that <see cref="TryRead"/> gave last, from 1.</summary>
    internal long Line { get; private set; }

    public void Dispose() => _stream.Dispose();

    /// <summary>Gives the next line without its line feed; the bytes are valid until the next call.</summary>
    internal bool TryRead(out ReadOnlySpan<byte> line)
    {
        int searched = _start;
        while (true)
        {
            int at = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                line = _buffer.AsSpan(_start, searched + at - _start);
                _start = searched + at + 1;
                Line++;
                return true;
            }

            if (_end - _start > MaximumLineLength)
            {
                throw new InvalidInputException($"{_path}, line {Line + 1}: the line is longer than {MaximumLineLength >> 20} MiB; split the text into more lines or documents");
            }

            int unread = _end - _start;
            if (!Fill())
            {
                line = _buffer.AsSpan(_start, unread);
                _start = _end;
                Line += unread > 0 ? 1 : 0;
                return unread > 0;
            }

            searched = _start + unread;
        }
    }

    /// <summary>Moves what is unread to the front and reads more behind it; false at the end of the file.</summary>
    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int read;
        try
        {
            read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (IOException error)
        {
            throw new InvalidInputException($"{_path}: reading failed ({error.Message})", error);
        }

        _end += read;
        return read > 0;
    }
}
