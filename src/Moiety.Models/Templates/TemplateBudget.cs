namespace Moiety.Models.Templates;

/// <summary>Counts what a rendering takes against its limits.</summary>
internal sealed class TemplateBudget(TemplateLimits limits, CancellationToken cancellationToken)
{
    private const int StepsBetweenLooks = 1 << 12;
    private int _steps;
    private long _allocations;
    private int _depth;

    /// <summary>Line of the statement that runs, for messages.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Counts one step.</summary>
    public void Step()
    {
        if (++_steps > limits.Steps)
        {
            throw new InvalidTemplateException(Line, $"it takes more than {limits.Steps} steps");
        }

        if (_steps % StepsBetweenLooks == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Counts characters or items before they are made.</summary>
    public void Allocate(long count)
    {
        _allocations += count;
        if (_allocations > limits.Allocations)
        {
            throw new InvalidTemplateException(Line, $"it makes more than {limits.Allocations} characters and items");
        }
    }

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
}
