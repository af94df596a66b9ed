using System.Numerics.Tensors;

namespace Moiety.LlamaCpp;

/// <summary>One sequence that llama.cpp evaluates.</summary>
public sealed unsafe class LlamaCppContext : IDisposable
{
    private readonly LlamaCppLibrary _library;
    private readonly int _vocabularySize;
    private nint _context;

    internal LlamaCppContext(LlamaCppLibrary library, nint context, int vocabularySize)
    {
        _library = library;
        _context = context;
        _vocabularySize = vocabularySize;
    }

    /// <summary>Forgets the sequence.</summary>
    public void Clear() => _library.ClearMemory(_library.GetMemory(_context), 1);

    /// <summary>Applies an adapter from now on, with its own scale.</summary>
    public void Apply(LlamaCppAdapter adapter)
    {
        nint handle = adapter.Handle;
        float scale = 1;
        if (_library.SetAdapters(_context, &handle, 1, &scale) != 0)
        {
            throw new InvalidOperationException($"llama.cpp does not apply the adapter:\n{_library.TakeLog()}");
        }
    }

    /// <summary>Appends tokens at a position.</summary>
    public void Append(ReadOnlySpan<int> tokens, int position, bool allLogits)
    {
        int[] positions = new int[tokens.Length];
        int[] sequenceCounts = new int[tokens.Length];
        sbyte[] wants = new sbyte[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            positions[i] = position + i;
            sequenceCounts[i] = 1;
            wants[i] = allLogits || i == tokens.Length - 1 ? (sbyte)1 : (sbyte)0;
        }

        int sequence = 0;
        int** sequences = stackalloc int*[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            sequences[i] = &sequence;
        }

        fixed (int* ids = tokens, where = positions, counts = sequenceCounts)
        fixed (sbyte* flags = wants)
        {
            LlamaCppBatch batch = new()
            {
                TokenCount = tokens.Length,
                Tokens = ids,
                Positions = where,
                SequenceCounts = counts,
                SequenceIds = sequences,
                WantsLogits = flags,
            };
            int result = _library.Decode(_context, batch);
            if (result != 0)
            {
                throw new InvalidOperationException($"llama_decode returns {result}:\n{_library.TakeLog()}");
            }
        }
    }

    /// <summary>Logits after the i-th token of the last <see cref="Append"/>; valid until the next one.</summary>
    public ReadOnlySpan<float> Logits(int index) => new(_library.GetLogits(_context, index), _vocabularySize);

    /// <summary>Logits after every token of a fresh sequence: row i predicts token i + 1.</summary>
    public float[][] AllLogits(ReadOnlySpan<int> tokens)
    {
        Clear();
        Append(tokens, 0, allLogits: true);
        float[][] rows = new float[tokens.Length][];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = Logits(i).ToArray();
        }

        return rows;
    }

    /// <summary>Appends the most likely token, again and again, to a fresh sequence.</summary>
    public int[] Greedy(ReadOnlySpan<int> prompt, int count, int? stopToken = null)
    {
        Clear();
        Append(prompt, 0, allLogits: false);
        List<int> tokens = [];
        int last = prompt.Length - 1;
        while (true)
        {
            int next = TensorPrimitives.IndexOfMax(Logits(last));
            if (next == stopToken)
            {
                return [.. tokens];
            }

            tokens.Add(next);
            if (tokens.Count == count)
            {
                return [.. tokens];
            }

            Append([next], prompt.Length + tokens.Count - 1, allLogits: false);
            last = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_context != 0)
        {
            _library.FreeContext(_context);
            _context = 0;
        }
    }
}
