using System.Collections.Immutable;
using Moiety.Decoding.Processors;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>Chains of all processors of the registry, also of those that users can't combine.</summary>
internal static class ProcessorChains
{
    /// <summary>Each processor, switched on by a number from 0 to 1 (rounded up for whole numbers).</summary>
    public static ImmutableArray<LogitsProcessor> All(double value) => [.. LogitsProcessors.All.Select(definition => One(definition, value))];

    private static LogitsProcessor One(LogitsProcessorDefinition definition, double value)
    {
        ProcessorParameter first = definition.Parameters[0];
        ProcessorSettings settings = first.Kind == ParameterKind.Texts
            ? new ProcessorSettings { Texts = new Dictionary<string, ImmutableArray<string>> { [first.Name] = ["0=1"] } }
            : new ProcessorSettings { Numbers = new Dictionary<string, double> { [first.Name] = Switch(first, value) } };
        Dictionary<string, double> numbers = new(settings.Numbers);

        // Never above the highest temperature, whatever that is.
        if (first.Name == "dynamic-temperature")
        {
            numbers["dynamic-temperature-min"] = value / 2;
        }

        return LogitsProcessors.Create(settings with { Numbers = numbers })[0];
    }

    // A vocabulary of some hundred tokens runs out where no token may occur twice.
    private static double Switch(ProcessorParameter parameter, double value) =>
        parameter.Name == "no-repeat-ngram" ? 8
        : parameter.Kind == ParameterKind.WholeNumber ? Math.Ceiling(value)
        : value;
}
