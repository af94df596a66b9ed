using System.Collections.Frozen;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Adapters;

/// <summary>
/// A low-rank adapter (LoRA, arXiv 2106.09685) read for one model: what it adds to which matrix. It is applied per request beside the
/// model's weights, which stay as they are, or merged into a copy of them.
/// </summary>
public sealed class LoraAdapter
{
    /// <summary>Largest rank; published adapters stay below 512.</summary>
    public const int MaxRank = 4096;

    /// <summary>An adapter from its parts, by canonical tensor name.</summary>
    /// <param name="path">Where it comes from, for messages.</param>
    /// <param name="updates">The same update for every token.</param>
    /// <param name="banks">Mixtures of experts.</param>
    public LoraAdapter(string path, IReadOnlyDictionary<string, LowRankUpdate> updates, IReadOnlyDictionary<string, LoraExpertBank> banks)
    {
        ArgumentNullException.ThrowIfNull(path);
        Path = path;
        Updates = updates.ToFrozenDictionary(StringComparer.Ordinal);
        Banks = banks.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The folder or file.</summary>
    public string Path { get; }

    /// <summary>The updates by canonical tensor name.</summary>
    public FrozenDictionary<string, LowRankUpdate> Updates { get; }

    /// <summary>Mixtures of low-rank experts by canonical tensor name; empty in most adapters. What has one cannot be merged.</summary>
    public FrozenDictionary<string, LoraExpertBank> Banks { get; }

    /// <summary>Number of parameters.</summary>
    public long Parameters => Updates.Values.Sum(update => (long)update.A.Length + update.B.Length) + Banks.Values.Sum(bank => bank.Parameters);

    /// <summary>Reads an adapter: a PEFT folder (<c>adapter_config.json</c>), one with experts, or a GGUF file.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="model">The model that it is for.</param>
    /// <exception cref="InvalidInputException">
    /// It is malformed, is for another model (the message has both names), or changes what a low-rank adapter of Moiety cannot.
    /// </exception>
    public static LoraAdapter Open(string path, Checkpoint model)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(model);
        return Directory.Exists(path) ? PeftAdapterReader.Read(path, model)
            : File.Exists(path) ? GgufAdapterReader.Read(path, model)
            : throw new InvalidInputException($"{path}: there is no such file or folder.");
    }
}
