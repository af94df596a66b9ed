using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Moiety.Models;
using Moiety.Numerics.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// All parameters of a model in one flat F32 buffer, and their gradients in a second one of the same layout: an optimizer step
/// is a pass over flat memory, and an expert that no token visited has its zero gradient. Matrices come first, so that
/// weight decay covers one range. A leaf may hold several named parameters row under row (query, key and value, say):
/// one product for all, while checkpoints see each by its name. On a device that is not the processor, values that are read or written as
/// spans live in a copy on the host; leaf by leaf, whichever side is older is brought up to date when it is asked for.
/// </summary>
internal sealed class ParameterStore(TrainingDevice? device = null) : IDisposable
{
    private const int Alignment = 16;

    private readonly List<Leaf> _leaves = [];
    private readonly Dictionary<string, NamedParameter> _named = new(StringComparer.Ordinal);
    private Tensor? _values;
    private Tensor? _gradients;
    private Tensor? _host;

    /// <summary>Where the parameters live.</summary>
    internal TrainingDevice Device { get; } = device ?? TrainingDevice.Cpu;

    /// <summary>The flat values; may be written.</summary>
    internal Tensor Values
    {
        get
        {
            Upload();
            foreach (Leaf leaf in _leaves)
            {
                leaf.IsHostOlder = _host is not null;
            }

            return _values ?? throw new InvalidOperationException("The store is not allocated.");
        }
    }

    /// <summary>The flat gradients.</summary>
    internal Tensor Gradients => _gradients ?? throw new InvalidOperationException(IsFrozen ? "The store is frozen." : "The store is not allocated.");

    /// <summary>Whether nothing in it is trained.</summary>
    internal bool IsFrozen { get; private set; }

    /// <summary>Length of both buffers, padding included.</summary>
    internal long Length { get; private set; }

    /// <summary>The range [0, this) of the buffers holds matrices, the rest vectors.</summary>
    internal long MatrixLength { get; private set; }

    /// <summary>Number of parameters, padding excluded.</summary>
    internal long Count => _named.Values.Sum(parameter => parameter.Length);

    /// <summary>Names in the order of declaration.</summary>
    internal IReadOnlyCollection<string> Names => _named.Keys;

    /// <summary>Declares a leaf that holds the given parameters row under row.</summary>
    /// <param name="parts">Name, rows and columns of each; 0 columns for a vector of <c>Rows</c> elements.</param>
    /// <returns>What gives the leaf tensor once the store is allocated.</returns>
    internal Parameter Declare(params ReadOnlySpan<(string Name, int Rows, int Columns)> parts)
    {
        int columns = parts[0].Columns;
        long rows = 0;
        foreach ((string name, int count, int width) in parts)
        {
            if (width != columns)
            {
                throw new ArgumentException($"{name} has {width} columns and cannot share a leaf of {columns}.", nameof(parts));
            }

            _named.Add(name, new NamedParameter(_leaves.Count, rows * Math.Max(columns, 1), count, columns));
            rows += count;
        }

        _leaves.Add(new Leaf(rows, columns));
        return new Parameter(this, _leaves.Count - 1);
    }

    /// <summary>Allocates the buffers, zeroed.</summary>
    internal void Allocate()
    {
        long length = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (Leaf leaf in _leaves.Where(leaf => leaf.IsMatrix == (pass == 0)))
            {
                leaf.Offset = length;
                length += (leaf.Length + Alignment - 1) / Alignment * Alignment;
            }

            MatrixLength = pass == 0 ? length : MatrixLength;
        }

        Length = length;
        using DisposeScope scope = NewDisposeScope();
        _values = zeros(length, dtype: ScalarType.Float32, device: Device.Device).DetachFromDisposeScope();
        _gradients = zeros(length, dtype: ScalarType.Float32, device: Device.Device).DetachFromDisposeScope();
        _host = Device.UsesKernels ? null : zeros(length, dtype: ScalarType.Float32).DetachFromDisposeScope();
        foreach (Leaf leaf in _leaves)
        {
            leaf.Value = leaf.ViewOf(_values).DetachFromDisposeScope();
            leaf.Value.requires_grad_(true);
            leaf.Value.grad = leaf.ViewOf(_gradients);
        }
    }

    /// <summary>Frees the gradients and stops recording: the values can only be read from now on.</summary>
    internal void Freeze()
    {
        foreach (Leaf leaf in _leaves)
        {
            leaf.Value!.grad = null;
            leaf.Value.requires_grad_(false);
        }

        _gradients?.Dispose();
        _gradients = null;
        IsFrozen = true;
    }

    /// <summary>The leaf that holds a named parameter, and the names and rows of all that it holds, in their order.</summary>
    internal (int Leaf, (string Name, long Rows)[] Parts) LeafOf(string name)
    {
        int leaf = Find(name).Leaf;
        return (leaf, [.. _named.Where(pair => pair.Value.Leaf == leaf).Select(pair => (pair.Key, (long)pair.Value.Rows))]);
    }

    /// <summary>
    /// Brings what the host wrote to the device. To be called before a pass: in the middle of one, libtorch would take it for a change of
    /// all values that the gradients need.
    /// </summary>
    internal void Upload()
    {
        foreach (Leaf leaf in _leaves)
        {
            Upload(leaf);
        }
    }

    /// <summary>The tensor of a leaf, [rows, columns] or [rows].</summary>
    internal Tensor LeafValue(int leaf)
    {
        Upload(_leaves[leaf]);
        return _leaves[leaf].Value ?? throw new InvalidOperationException("The store is not allocated.");
    }

    /// <summary>The gradient of a leaf.</summary>
    internal Tensor LeafGradient(int leaf) => _leaves[leaf].ViewOf(Gradients);

    /// <summary>Rows and columns of a named parameter; 0 columns for a vector.</summary>
    internal (int Rows, int Columns) Shape(string name)
    {
        NamedParameter parameter = Find(name);
        return (parameter.Rows, parameter.Columns);
    }

    /// <summary>The values of a named parameter, writable until the next pass or step.</summary>
    internal Span<float> Span(string name)
    {
        NamedParameter parameter = Find(name);
        Leaf leaf = _leaves[parameter.Leaf];
        if (_host is not null)
        {
            Download(leaf);
            leaf.IsHostNewer = true;
        }

        Tensor flat = _host ?? _values ?? throw new InvalidOperationException("The store is not allocated.");
        using Tensor view = flat.narrow(0, leaf.Offset + parameter.Offset, parameter.Length);
        return MemoryMarshal.Cast<byte, float>(view.bytes);
    }

    /// <summary>A view of a named parameter with its own shape.</summary>
    internal Tensor View(string name)
    {
        Upload(_leaves[Find(name).Leaf]);
        return ViewIn(_values!, name);
    }

    /// <summary>A view of the gradient of a named parameter with its own shape.</summary>
    internal Tensor GradientView(string name) => ViewIn(Gradients, name);

    /// <summary>Fills a named parameter with normally distributed numbers; the stream depends on seed and name only.</summary>
    internal void FillNormal(string name, ulong seed, double standardDeviation)
    {
        ulong purpose = 14695981039346656037;
        foreach (char letter in name)
        {
            purpose = (purpose ^ letter) * 1099511628211;
        }

        new Xoshiro256(seed, purpose).FillNormal(Span(name), standardDeviation);
    }

    /// <summary>A hash of all values.</summary>
    internal string Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in Names)
        {
            hash.AppendData(MemoryMarshal.AsBytes(Span(name)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    /// <summary>Zeroes all gradients.</summary>
    internal void ZeroGradients()
    {
        using IDisposable guard = no_grad();
        Gradients.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Leaf leaf in _leaves)
        {
            leaf.Value?.Dispose();
        }

        _values?.Dispose();
        _gradients?.Dispose();
        _host?.Dispose();
    }

    private void Upload(Leaf leaf)
    {
        if (leaf.IsHostNewer)
        {
            Copy(_host!, _values!, leaf);
            leaf.IsHostNewer = false;
        }
    }

    private void Download(Leaf leaf)
    {
        if (leaf.IsHostOlder)
        {
            Copy(_values!, _host!, leaf);
            leaf.IsHostOlder = false;
        }
    }

    private static void Copy(Tensor from, Tensor to, Leaf leaf)
    {
        using IDisposable guard = no_grad();
        using Tensor source = from.narrow(0, leaf.Offset, leaf.Length);
        using Tensor target = to.narrow(0, leaf.Offset, leaf.Length);
        target.copy_(source);
    }

    private Tensor ViewIn(Tensor flat, string name)
    {
        NamedParameter parameter = Find(name);
        using IDisposable guard = no_grad();
        using Tensor range = flat.narrow(0, _leaves[parameter.Leaf].Offset + parameter.Offset, parameter.Length);
        return parameter.Columns == 0 ? range.view(parameter.Rows) : range.view(parameter.Rows, parameter.Columns);
    }

    private NamedParameter Find(string name) => _named.TryGetValue(name, out NamedParameter? parameter)
        ? parameter
        : throw new InvalidInputException($"The model has no parameter \"{name}\".");

    private sealed record NamedParameter(int Leaf, long Offset, int Rows, int Columns)
    {
        internal long Length => (long)Rows * Math.Max(Columns, 1);
    }

    private sealed class Leaf(long rows, int columns)
    {
        internal bool IsMatrix => columns > 0;

        internal long Length => rows * Math.Max(columns, 1);

        internal long Offset { get; set; }

        internal Tensor? Value { get; set; }

        // At most one of the two is set: the host's copy holds what the device has not, or the other way round.
        internal bool IsHostNewer { get; set; }

        internal bool IsHostOlder { get; set; }

        internal Tensor ViewOf(Tensor flat)
        {
            using Tensor range = flat.narrow(0, Offset, Length);
            return columns == 0 ? range.view(rows) : range.view(rows, columns);
        }
    }
}
