namespace Moiety.Models.Tokenizers;

/// <summary>Word tables of one tokenizer: each is used by one thread at a time, and there are as many as threads ever met.</summary>
internal sealed class WordTablePool
{
    private readonly WordTable?[] _idle = new WordTable?[Math.Min(Environment.ProcessorCount, 64)];

    /// <summary>Takes a table, which may know words already.</summary>
    public WordTable Rent()
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is not null && Interlocked.Exchange(ref _idle[i], null) is { } table)
            {
                return table;
            }
        }

        return new WordTable();
    }

    /// <summary>Gives a table back.</summary>
    public void Return(WordTable table)
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] is null && Interlocked.CompareExchange(ref _idle[i], table, null) is null)
            {
                return;
            }
        }
    }
}
