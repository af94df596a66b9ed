using System.Collections.Immutable;

namespace Moiety.Decoding.Processors;

/// <summary>
/// A processor as users meet it: a parameter that switches it on, and perhaps more that go with it.
/// </summary>
public sealed record LogitsProcessorDefinition
{
    /// <summary>A processor with one number.</summary>
    /// <param name="name">Name of the option, in kebab case, e.g. <c>top-k</c>.</param>
    /// <param name="summary">What the number does, one line.</param>
    /// <param name="isWhole">Whether the number is a whole one.</param>
    /// <param name="shapesSampling">Whether it only shapes random choice, so that it makes no sense with greedy decoding.</param>
    /// <param name="create">Makes the processor; throws <see cref="Models.InvalidInputException"/> for a number out of range.</param>
    public LogitsProcessorDefinition(string name, string summary, bool isWhole, bool shapesSampling, Func<double, LogitsProcessor> create)
        : this([new(name, summary, isWhole ? ParameterKind.WholeNumber : ParameterKind.Number)], shapesSampling, settings => create(settings.Number(name)))
    {
    }

    /// <summary>A processor with several parameters.</summary>
    /// <param name="parameters">The parameters; the first one switches the processor on, the others need it.</param>
    /// <param name="shapesSampling">Whether it only shapes random choice.</param>
    /// <param name="create">Makes the processor from settings in which defaults are filled in.</param>
    public LogitsProcessorDefinition(ImmutableArray<ProcessorParameter> parameters, bool shapesSampling, Func<ProcessorSettings, LogitsProcessor> create)
    {
        Parameters = parameters;
        ShapesSampling = shapesSampling;
        Create = create;
    }

    /// <summary>The parameters; the first one switches the processor on.</summary>
    public ImmutableArray<ProcessorParameter> Parameters { get; }

    /// <summary>Name of the first parameter, and so of the processor.</summary>
    public string Name => Parameters[0].Name;

    /// <summary>Whether it only shapes random choice, so that it makes no sense with greedy decoding.</summary>
    public bool ShapesSampling { get; }

    /// <summary>Makes the processor; throws <see cref="Models.InvalidInputException"/> for a value out of range.</summary>
    public Func<ProcessorSettings, LogitsProcessor> Create { get; }

    /// <summary>Processors that can't be combined with this one.</summary>
    public ImmutableArray<string> Excludes { get; init; } = [];

    /// <summary>Why they can't, as half a sentence after "because".</summary>
    public string ExclusionReason { get; init; } = "";
}
