using Moiety.Inference.Adapters;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Adapters;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// How the tokens of one batch are laid out: all slices' tokens one after the other, and for each layer the tokens that it
/// works on.
/// </summary>
internal sealed unsafe class StepLayout : IDisposable
{
    // A tile's scores should stay in a core's second-level cache.
    private const int TileScores = 1 << 16;
    private const int TileRows = 32;

    private readonly ModelConfig _config;
    private readonly int _headsPerTile;
    private readonly BoundAdapter? _standard;
    private readonly Func<LoraAdapter, BoundAdapter> _bind;
    private readonly RotaryTables _rotary;
    private readonly ScratchBuffer<int> _tokens = new();
    private readonly ScratchBuffer<int> _sliceOf = new();
    private readonly ScratchBuffer<int> _positions = new();
    private readonly ScratchBuffer<int> _tokenTypes = new();
    private readonly LayerRows _allRows = new();
    private readonly LayerRows _lastRows = new();
    private readonly List<LayerRows> _scheduledRows = [];
    private SliceState[] _slices = [];
    private bool _scheduled;

    public StepLayout(ModelConfig config, RotaryTables rotary, BoundAdapter? standard, Func<LoraAdapter, BoundAdapter> bind)
    {
        _config = config;
        _standard = standard;
        _bind = bind;
        _headsPerTile = new AttentionShape(config).HeadsPerTile;
        _rotary = rotary;
    }

    public int SliceCount { get; private set; }

    /// <summary>Tokens of all slices.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Length of the longest sequence after the step.</summary>
    public int MaxKeys { get; private set; }

    /// <summary>Most tokens of an attention tile in this step.</summary>
    public int TileLength { get; private set; }

    /// <summary>[token]: its id.</summary>
    public int* Tokens => _tokens.Data;

    /// <summary>[token]: its position id.</summary>
    public int* Positions => _positions.Data;

    /// <summary>[token]: its token type.</summary>
    public int* TokenTypes => _tokenTypes.Data;

    public ref readonly SliceState Slice(int slice) => ref _slices[slice];

    /// <summary>The slice that a token belongs to.</summary>
    public ref readonly SliceState SliceOf(int token) => ref _slices[_sliceOf.Data[token]];

    /// <summary>Index of the slice that a token belongs to.</summary>
    public int SliceIndexOf(int token) => _sliceOf.Data[token];

    /// <summary>Whether any slice has an adapter.</summary>
    public bool HasAdapters { get; private set; }

    /// <summary>Whether any slice wants the lengths of a layer's expert outputs.</summary>
    public bool ReportsNorms(int layer)
    {
        for (int slice = 0; slice < SliceCount; slice++)
        {
            if (_slices[slice].Plan is { ExpertOutputNorms.IsEmpty: false } plan && plan.ExpertOutputNorms.Contains(layer))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Which tokens a layer works on.</summary>
    public LayerRows RowsOf(int layer) => _scheduled ? _scheduledRows[layer] : layer == _config.LayerCount - 1 ? _lastRows : _allRows;

    /// <summary>Lays out a batch that was found valid and whose results were laid out.</summary>
    public void Prepare(Batch batch, StepResult result)
    {
        SliceCount = batch.Count;
        TokenCount = batch.Tokens.Length;
        _tokens.Ensure(TokenCount);
        _sliceOf.Ensure(TokenCount);
        _positions.Ensure(TokenCount);
        _tokenTypes.Ensure(TokenCount);
        _rotary.Ensure(TokenCount);
        batch.Tokens.CopyTo(new Span<int>(Tokens, TokenCount));
        if (_slices.Length < SliceCount)
        {
            _slices = new SliceState[2 * SliceCount];
        }

        MaxKeys = 0;
        HasAdapters = false;
        _scheduled = false;
        for (int index = 0; index < SliceCount; index++)
        {
            AddSlice(batch.Slices[index], index);
        }

        int rows = Math.Min(TileRows, TileScores / MaxKeys);
        TileLength = Math.Max(1, rows / _headsPerTile);
        BuildRows(result);
    }

    /// <summary>Lets go of the batch's caches and plans.</summary>
    public void Clear() => Array.Clear(_slices, 0, SliceCount);

    public void Dispose()
    {
        _tokens.Dispose();
        _sliceOf.Dispose();
        _positions.Dispose();
        _tokenTypes.Dispose();
        _allRows.Dispose();
        _lastRows.Dispose();
        foreach (LayerRows rows in _scheduledRows)
        {
            rows.Dispose();
        }
    }

    private void AddSlice(in SequenceSlice slice, int index)
    {
        int cached = slice.Cache.Length;
        KeyVisibility visibility = new(slice.Plan?.Visibility ?? Visibility.Causal, _config.IsEncoder, cached, slice.Count);
        _slices[index] = new SliceState
        {
            Cache = slice.Cache,
            Cached = cached,
            Start = slice.Start,
            Count = slice.Count,
            Plan = slice.Plan,
            Adapter = slice.Plan?.Adapter is { } adapter ? _bind(adapter) : _standard,
            Visibility = visibility,
        };
        HasAdapters |= _slices[index].Adapter is not null;
        MaxKeys = Math.Max(MaxKeys, cached + slice.Count);
        _scheduled |= slice.Plan?.Schedule is not null;
        for (int position = 0; position < slice.Count; position++)
        {
            int token = slice.Start + position;
            _sliceOf.Data[token] = index;
            int id = slice.Plan is { PositionIds.IsDefault: false } plan ? plan.PositionIds[position] : visibility.Position(cached + position);
            Positions[token] = id;
            slice.Cache.SetPosition(cached + position, id);
            TokenTypes[token] = slice.Plan is { TokenTypeIds.IsDefault: false } typed ? typed.TokenTypeIds[position] : 0;
            _rotary.SetPosition(token, id);
        }
    }

    private void BuildRows(StepResult result)
    {
        if (!_scheduled)
        {
            Build(_allRows, 0, result);
            Build(_lastRows, _config.LayerCount - 1, result);
            return;
        }

        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            if (_scheduledRows.Count == layer)
            {
                _scheduledRows.Add(new LayerRows());
            }

            Build(_scheduledRows[layer], layer, result);
        }
    }

    private void Build(LayerRows rows, int layer, StepResult result)
    {
        rows.Clear(TokenCount);
        bool last = layer == _config.LayerCount - 1;
        for (int index = 0; index < SliceCount; index++)
        {
            ref readonly SliceState slice = ref _slices[index];
            LayerSchedule? schedule = slice.Plan?.Schedule;
            bool needsAll = !last || slice.Plan is { } plan && LooksAtLastLayer(plan);
            int start = rows.AttendingCount;
            for (int position = 0; position < slice.Count; position++)
            {
                int token = slice.Start + position;
                LayerMode mode = schedule?[position, layer] ?? LayerMode.Run;
                bool needed = needsAll || result.HasLogits(token);
                rows.Add(
                    token,
                    keyValue: mode != LayerMode.Skip,
                    attends: needed && (mode is LayerMode.Run or LayerMode.SkipFeedForward),
                    feedsForward: needed && mode == LayerMode.Run);
            }

            rows.AddTiles(index, start, TileLength);
        }
    }

    private bool LooksAtLastLayer(ForwardPlan plan)
    {
        int layers = _config.LayerCount;
        return plan.HiddenStates.Contains(layers) || plan.HiddenStates.Contains(layers + 1)
            || plan.AttentionMaps.Contains(layers - 1) || plan.RouterDecisions.Contains(layers - 1);
    }
}
