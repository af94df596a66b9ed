using System.Buffers;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>A text on its way through the pre-tokenizers: its bytes, and where its words are. On rented memory.</summary>
internal ref struct WordList
{
    private byte[]? _ownText;
    private int[] _words;
    private int[] _previous;
    private int _count;
    private int _previousCount;
    private int _read;

    /// <summary>Begins with one word, the whole text.</summary>
    /// <param name="text">UTF-8, usually.</param>
    /// <param name="first">Whether nothing of the whole text comes before it.</param>
    public WordList(ReadOnlySpan<byte> text, bool first)
    {
        Text = text;
        IsFirst = first;
        _words = ArrayPool<int>.Shared.Rent(Math.Max(64, text.Length / 2));
        _previous = [];
        Add(0, text.Length);
    }

    /// <summary>The text.</summary>
    public ReadOnlySpan<byte> Text { get; private set; }

    /// <summary>Whether nothing of the whole text comes before this part of it.</summary>
    public bool IsFirst { get; }

    /// <summary>The places of the words: start, end, start, end.</summary>
    public readonly ReadOnlySpan<int> Places => _words.AsSpan(0, _count);

    /// <summary>Number of words.</summary>
    public readonly int Count => _count / 2;

    /// <summary>Number of words before the stage.</summary>
    public readonly int PreviousCount => _previousCount / 2;

    /// <summary>A word.</summary>
    public readonly ReadOnlySpan<byte> this[int index] => Text[_words[2 * index].._words[(2 * index) + 1]];

    /// <summary>Empties the list; the words that were in it are read with <see cref="TryNext"/>.</summary>
    public void BeginStage()
    {
        if (_previous.Length == 0)
        {
            _previous = ArrayPool<int>.Shared.Rent(_words.Length);
        }

        (_previous, _words) = (_words, _previous);
        _previousCount = _count;
        _count = 0;
        _read = 0;
    }

    /// <summary>The next word of the list before the stage.</summary>
    public bool TryNext(out int start, out int end)
    {
        if (_read == _previousCount)
        {
            start = end = 0;
            return false;
        }

        start = _previous[_read];
        end = _previous[_read + 1];
        _read += 2;
        return true;
    }

    /// <summary>Adds a word, unless it is empty.</summary>
    public void Add(int start, int end)
    {
        if (end <= start)
        {
            return;
        }

        if (_count + 2 > _words.Length)
        {
            int[] larger = ArrayPool<int>.Shared.Rent(checked(2 * _words.Length));
            Places.CopyTo(larger);
            ArrayPool<int>.Shared.Return(_words);
            _words = larger;
        }

        _words[_count] = start;
        _words[_count + 1] = end;
        _count += 2;
    }

    /// <summary>Takes another text, of which words are added from now on. The memory is from the shared pool and goes back to it.</summary>
    public void Replace(byte[] rented, int length)
    {
        if (_ownText is { } old)
        {
            ArrayPool<byte>.Shared.Return(old);
        }

        _ownText = rented;
        Text = rented.AsSpan(0, length);
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_words);
        if (_previous.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_previous);
        }

        if (_ownText is { } text)
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }
}
