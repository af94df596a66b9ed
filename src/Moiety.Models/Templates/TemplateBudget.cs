namespace Moiety.Models.Templates;

/// <summary>Counts what a rendering takes against its limits.</summary>
internal sealed class TemplateBudget(TemplateLimits limits, CancellationToken cancellationToken)
{
    private const int StepsBetweenLooks = 1 << 12;
    private const int CharactersInStep = 64;
    private const int CharactersInItem = 16;
    private const int ShortText = 16;
    private long _steps;
    private long _nextLook = StepsBetweenLooks;
    private long _allocations;
    private int _depth;

    /// <summary>Line of the statement that runs, for messages.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Counts one step.</summary>
    public void Step() => Step(1);

    /// <summary>Counts steps for characters that are looked at.</summary>
    public void Scan(long characters) => Step(characters / CharactersInStep);

    /// <summary>Counts steps for items that are gone through.</summary>
    public void ScanItems(long items) => Scan(items * CharactersInItem);

    /// <summary>Counts steps for a search; a long text in a long one can take the product of their lengths.</summary>
    public void Search(string whole, string part) =>
        Scan(part.Length <= ShortText ? whole.Length : (long)whole.Length * (part.Length / ShortText));

    /// <summary>Counts characters before they are made.</summary>
    public void Allocate(long count)
    {
        // The sum must not leave 64 bits.
        if (count > limits.Allocations - _allocations)
        {
            throw new InvalidTemplateException(Line, $"it makes more than {limits.Allocations} characters");
        }

        _allocations += count;
    }

    /// <summary>Counts items of lists and dictionaries before they are made, as much as characters of the same size.</summary>
    public void AllocateItems(long count) => Allocate(Math.Min(count, limits.Allocations + 1) * CharactersInItem);

    /// <summary>Goes one level down; <see cref="Leave"/> comes back.</summary>
    public void Enter()
    {
        if (++_depth > limits.Depth)
        {
            throw new InvalidTemplateException(Line, $"it is nested deeper than {limits.Depth} levels");
        }
    }

    /// <summary>Comes back from a level.</summary>
    public void Leave() => _depth--;

    private void Step(long count)
    {
        _steps += count;
        if (_steps > limits.Steps)
        {
            throw new InvalidTemplateException(Line, $"it takes more than {limits.Steps} steps");
        }

        if (_steps >= _nextLook)
        {
            _nextLook = _steps + StepsBetweenLooks;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
