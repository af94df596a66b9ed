using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// A family's view of GGUF metadata: the keys of its architecture, with what was asked for remembered, and the names of the tensors.
/// </summary>
internal sealed class GgufFields
{
    // Other writers add these; none changes the forward pass.
    private static readonly string[] Harmless = ["tensor_data_layout", "rope.scaling.finetuned"];

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly string _prefix;

    /// <summary>Starts with nothing read.</summary>
    /// <param name="metadata">The pairs.</param>
    /// <param name="architecture">Prefix of the keys.</param>
    /// <param name="hasTensor">Whether the file has a tensor of this name.</param>
    public GgufFields(GgufMetadata metadata, string architecture, Predicate<string> hasTensor)
    {
        Metadata = metadata;
        HasTensor = hasTensor;
        _prefix = architecture + ".";
    }

    /// <summary>All pairs.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Whether the file has a tensor of this name.</summary>
    public Predicate<string> HasTensor { get; }

    /// <summary>Whether the first layer has one of the names of a tensor.</summary>
    public bool HasRole(TensorNaming naming, TensorRole role, int layer = 0)
    {
        for (TensorLocation? location = naming.LocationOf(role); location is not null; location = location.Otherwise)
        {
            if (location.Names.Any(name => HasTensor(TensorNaming.Resolve(name, new TensorSpec(name, role, layer, 0, 1, 1, IsVector: true)))))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the key is there.</summary>
    public bool Has(string name) => Metadata.Has(Key(name));

    /// <summary>An integer, or null when absent.</summary>
    public int? Int32(string name) => Metadata.Int32(Key(name));

    /// <summary>An integer that must be there.</summary>
    public int RequiredInt32(string name) => Metadata.RequiredInt32(Key(name));

    /// <summary>A finite number, or null when absent.</summary>
    public float? Single(string name) => Metadata.Single(Key(name));

    /// <summary>True or false, or null when absent.</summary>
    public bool? Boolean(string name) => Metadata.Boolean(Key(name));

    /// <summary>A text, or null when absent.</summary>
    public string? Text(string name) => Metadata.Text(Key(name));

    /// <summary>One integer for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<int>? Int32PerItem(string name, int count) => Metadata.Int32PerItem(Key(name), count);

    /// <summary>True or false for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<bool>? BooleanPerItem(string name, int count) => Metadata.BooleanPerItem(Key(name), count);

    /// <summary>A finite number for all, or one for each of <paramref name="count"/>; null when absent.</summary>
    public ImmutableArray<float>? SinglePerItem(string name, int count) => Metadata.SinglePerItem(Key(name), count);

    /// <summary>An integer that is the same for all layers, or null when absent.</summary>
    public int? Uniform(string name, int layers)
    {
        if (Int32PerItem(name, layers) is not { } values)
        {
            return null;
        }

        return values.All(value => value == values[0]) ? values[0] : throw Error(name, "a different number in each layer is not supported");
    }

    /// <summary>A list of true and false, or a period from which one follows, for each of <paramref name="count"/>; null when absent.</summary>
    /// <param name="name">The key.</param>
    /// <param name="count">Number of layers.</param>
    /// <param name="expand">Makes the list of a period.</param>
    public ImmutableArray<bool>? Pattern(string name, int count, Func<int, ImmutableArray<bool>> expand)
    {
        string key = Key(name);
        return Metadata.Find(key) is not { } value ? null
            : value.Type != GgufValueType.Array ? expand(Metadata.RequiredInt32(key))
            : value.ElementType == GgufValueType.Boolean ? Metadata.BooleanPerItem(key, count)
            : [.. Metadata.Int32PerItem(key, count)!.Value.Select(flag => flag != 0)];
    }

    /// <summary>Keys that the family leaves out on purpose.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            _read.Add(_prefix + name);
        }
    }

    /// <summary>An error at a key.</summary>
    public InvalidCheckpointException Error(string name, string reason) => Metadata.Error(_prefix + name, reason);

    /// <summary>Refuses keys of the architecture that were not read.</summary>
    /// <exception cref="InvalidCheckpointException">There is such a key; the message names it.</exception>
    public void RefuseUnread()
    {
        foreach (string key in Metadata.Keys)
        {
            if (key.StartsWith(_prefix, StringComparison.Ordinal) && !_read.Contains(key) && !Harmless.Contains(key[_prefix.Length..]) && !IsUnset(Metadata.Find(key)!))
            {
                throw Metadata.Error(key, "Moiety does not know what this setting of the architecture computes");
            }
        }
    }

    private static bool IsUnset(GgufValue value) => value.Content is false or 0u or 0 or 0f or 0ul or 0L or "";

    private string Key(string name)
    {
        string key = _prefix + name;
        _read.Add(key);
        return key;
    }
}
