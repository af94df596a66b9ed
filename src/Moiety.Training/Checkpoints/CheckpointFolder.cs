using System.Globalization;
using System.Text;
using System.Text.Json;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Training.Distillation;
using Moiety.Training.Modules;
using Moiety.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Checkpoints;

/// <summary>
/// The checkpoints of a run: one folder per checkpoint, <c>step-N</c>, with <c>state.json</c> and three flat files (values, first and
/// second moments; F32, little-endian, the layout of the parameter store), and a file <c>latest</c> that names the newest. A
/// folder appears complete or not at all.
/// </summary>
internal sealed class CheckpointFolder
{
    private const string LatestFile = "latest";
    private const string StateFile = "state.json";
    private const int Version = 1;
    private const int BlockLength = 1 << 20;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string _path;
    private readonly int _kept;

    /// <summary>Opens (or makes) the folder and clears what a killed process left.</summary>
    internal CheckpointFolder(string path, int kept)
    {
        _path = path;
        _kept = kept;
        Directory.CreateDirectory(path);
        foreach (string left in Directory.EnumerateDirectories(path, "step-*").Where(folder => !IsComplete(folder)))
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Path of the newest checkpoint, or null.</summary>
    internal string? Latest => FindLatest(_path);

    /// <summary>Path of the newest checkpoint in a folder that need not exist, or null. Nothing is changed: a run may be at work there.</summary>
    internal static string? FindLatest(string path)
    {
        string pointer = Path.Combine(path, LatestFile);
        if (File.Exists(pointer) && Path.Combine(path, File.ReadAllText(pointer).Trim()) is var named && IsComplete(named))
        {
            return named;
        }

        return Directory.Exists(path) ? All(path).LastOrDefault() : null;
    }

    /// <summary>Writes a checkpoint, points to it and removes the oldest beyond those that are kept.</summary>
    /// <exception cref="InvalidInputException">The disk refuses, e.g. because it is full; earlier checkpoints stay.</exception>
    internal void Save(TrainingState state, string fingerprint, ParameterStore store, AdamW optimizer)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"step-{state.Step:D8}");
        try
        {
            AtomicFolder.Write(Path.Combine(_path, name), 3 * sizeof(float) * store.Length, _ => true, folder =>
            {
                WriteFlat(Path.Combine(folder, "values.f32"), store.Values);
                WriteFlat(Path.Combine(folder, "first_moments.f32"), optimizer.FirstMoment);
                WriteFlat(Path.Combine(folder, "second_moments.f32"), optimizer.SecondMoment);
                Document document = new(Version, state.Step, state.Sequences, state.Seconds, store.Length, fingerprint, state.Distillation);
                File.WriteAllText(Path.Combine(folder, StateFile), JsonSerializer.Serialize(document, Indented));
            });
            AtomicFile.Write(Path.Combine(_path, LatestFile), 0, stream => stream.Write(Encoding.UTF8.GetBytes(name + "\n")));
        }
        catch (InvalidInputException error)
        {
            throw new InvalidInputException($"The checkpoint of step {state.Step} could not be written, earlier ones are intact: make room and resume. {error.Message}", error);
        }

        foreach (string old in All(_path).SkipLast(_kept).ToArray())
        {
            // The state goes first: a folder without one is no checkpoint, and the next start removes it.
            File.Delete(Path.Combine(old, StateFile));
            Directory.Delete(old, recursive: true);
        }
    }

    /// <summary>Restores a checkpoint.</summary>
    /// <exception cref="InvalidInputException">The checkpoint is damaged, or belongs to another configuration.</exception>
    internal static TrainingState Load(string path, string fingerprint, ParameterStore store, AdamW optimizer)
    {
        Document document = ReadState(path, fingerprint, store);
        ReadFlat(Path.Combine(path, "values.f32"), store.Values);
        ReadFlat(Path.Combine(path, "first_moments.f32"), optimizer.FirstMoment);
        ReadFlat(Path.Combine(path, "second_moments.f32"), optimizer.SecondMoment);
        return StateOf(document);
    }

    /// <summary>Restores the weights alone.</summary>
    /// <returns>Where the run was.</returns>
    /// <exception cref="InvalidInputException">The checkpoint is damaged, or belongs to another configuration.</exception>
    internal static TrainingState LoadValues(string path, string fingerprint, ParameterStore store)
    {
        Document document = ReadState(path, fingerprint, store);
        ReadFlat(Path.Combine(path, "values.f32"), store.Values);
        return StateOf(document);
    }

    private static TrainingState StateOf(Document document) => new(document.Step, document.Sequences, document.Seconds) { Distillation = document.Distillation };

    private static Document ReadState(string path, string fingerprint, ParameterStore store)
    {
        string statePath = Path.Combine(path, StateFile);
        Document? document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(File.ReadAllText(statePath));
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{statePath}: cannot be read: {error.Message}", error);
        }

        if (document is null || document.Version != Version || document.Step < 0 || document.Sequences < 0)
        {
            throw new InvalidInputException($"{statePath}: not a training state of version {Version}.");
        }

        string? difference = Difference(document.Fingerprint, fingerprint);
        return difference is null && document.Length == store.Length
            ? document
            : throw new InvalidInputException(
                $"{path}: this checkpoint was made with another configuration ({difference ?? "the layout differs"}). "
                + "A run resumes with the same model, data, tokenizer, seed, sequence length, batch and precision; steps, learning rate and intervals may change.");
    }

    private static IEnumerable<string> All(string path) => Directory.EnumerateDirectories(path, "step-*")
        .Where(IsComplete)
        .Order(StringComparer.Ordinal);

    // Unfinished folders have another extension.
    private static bool IsComplete(string folder) => Path.GetExtension(folder).Length == 0 && File.Exists(Path.Combine(folder, StateFile));

    // The first field that differs, or null; a fingerprint is a line of name=value fields. A value that is not known fits any.
    private static string? Difference(string was, string now)
    {
        string[] before = was.Split("; ");
        string[] after = now.Split("; ");
        for (int i = 0; i < Math.Min(before.Length, after.Length); i++)
        {
            if (before[i] != after[i] && !(after[i].EndsWith('=') && before[i].StartsWith(after[i], StringComparison.Ordinal)))
            {
                return $"it has {before[i]}, the configuration {after[i]}";
            }
        }

        return before.Length > after.Length ? $"it has {before[after.Length]}, the configuration does not"
            : before.Length < after.Length ? $"the configuration has {after[before.Length]}, it does not"
            : null;
    }

    private static void WriteFlat(string path, Tensor flat)
    {
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        ForBlocks(flat, isRead: false, block => stream.Write(block));
    }

    private static void ReadFlat(string path, Tensor flat)
    {
        long expected = flat.shape[0] * sizeof(float);
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length != expected)
            {
                throw new InvalidInputException($"{path}: has {stream.Length} bytes where the model needs {expected}: the checkpoint is damaged; delete its folder to resume from the one before.");
            }

            ForBlocks(flat, isRead: true, stream.ReadExactly);
        }
        catch (IOException error)
        {
            throw new InvalidInputException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    // Through the host's memory, which on the processor is the tensor's own.
    private static void ForBlocks(Tensor flat, bool isRead, SpanAction action)
    {
        using IDisposable guard = no_grad();
        for (long start = 0; start < flat.shape[0]; start += BlockLength)
        {
            using Tensor block = flat.narrow(0, start, Math.Min(BlockLength, flat.shape[0] - start));
            using Tensor host = block.cpu();
            action(host.bytes);
            if (isRead && flat.device_type != DeviceType.CPU)
            {
                block.copy_(host);
            }
        }
    }

    private delegate void SpanAction(Span<byte> block);

    private sealed record Document(int Version, long Step, long Sequences, double Seconds, long Length, string Fingerprint, DistillationState? Distillation = null);
}
