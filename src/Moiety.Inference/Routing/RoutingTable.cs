namespace Moiety.Inference.Routing;

/// <summary>
/// The mapping table between tokens and experts: choices sorted by expert (counting sort), so that every expert's inputs
/// are contiguous rows and one product per expert serves them all. Never one-hot; no token is dropped (DeepSpeed-MoE,
/// arXiv 2201.05596, section 5.4, maps tokens to experts by such a table).
/// </summary>
internal sealed unsafe class RoutingTable : IDisposable
{
    private readonly ScratchBuffer<int> _experts = new();
    private readonly ScratchBuffer<float> _weights = new();
    private readonly ScratchBuffer<int> _slots = new();
    private readonly ScratchBuffer<int> _rows = new();
    private readonly ScratchBuffer<int> _offsets = new();

    /// <summary>[row, choice]: the expert, best choice first.</summary>
    public int* ExpertOf => _experts.Data;

    /// <summary>[row, choice]: the weight of the expert's output.</summary>
    public float* Weight => _weights.Data;

    /// <summary>[row, choice]: where the choice stands in the order of experts.</summary>
    public int* SlotOf => _slots.Data;

    /// <summary>[slot]: the row whose choice stands there, the inverse of <see cref="SlotOf"/>.</summary>
    public int* RowOf => _rows.Data;

    /// <summary>[expert + 1]: expert e owns the slots [ExpertOffsets[e], ExpertOffsets[e + 1]).</summary>
    public int* ExpertOffsets => _offsets.Data;

    /// <summary>Makes room, so that filling the table allocates nothing.</summary>
    public void Ensure(int rows, int topK, int experts)
    {
        long choices = checked(rows * topK);
        _experts.Ensure(choices);
        _weights.Ensure(choices);
        _slots.Ensure(choices);
        _rows.Ensure(choices);
        _offsets.Ensure(experts + 1);
    }

    /// <summary>Sorts the choices that <see cref="ExpertOf"/> holds by expert; within an expert, by token.</summary>
    public void Sort(int rows, int topK, int experts)
    {
        int choices = rows * topK;
        int* offsets = ExpertOffsets;
        new Span<int>(offsets, experts + 1).Clear();
        for (int choice = 0; choice < choices; choice++)
        {
            offsets[ExpertOf[choice] + 1]++;
        }

        for (int expert = 0; expert < experts; expert++)
        {
            offsets[expert + 1] += offsets[expert];
        }

        // Each offset serves as its expert's cursor and ends at the next expert's start: shift them back afterwards.
        for (int choice = 0; choice < choices; choice++)
        {
            int slot = offsets[ExpertOf[choice]]++;
            SlotOf[choice] = slot;
            RowOf[slot] = choice / topK;
        }

        for (int expert = experts; expert > 0; expert--)
        {
            offsets[expert] = offsets[expert - 1];
        }

        offsets[0] = 0;
    }

    public void Dispose()
    {
        _experts.Dispose();
        _weights.Dispose();
        _slots.Dispose();
        _rows.Dispose();
        _offsets.Dispose();
    }
}
