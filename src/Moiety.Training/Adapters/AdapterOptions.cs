using System.Collections.Immutable;

namespace Moiety.Training.Adapters;

/// <summary>
/// A low-rank adapter to train in place of the model (LoRA, arXiv 2106.09685), or a mixture of low-rank experts with a router for each
/// matrix that it changes (MoLoRA, arXiv 2309.05444; MixLoRA, arXiv 2404.15159).
/// </summary>
public sealed record AdapterOptions
{
    /// <summary>Rank of the update, or of each expert's.</summary>
    public required int Rank { get; init; }

    /// <summary>The update is multiplied by alpha / rank.</summary>
    public required double Alpha { get; init; }

    /// <summary>The modules that it changes, as PEFT names them: whole names, or their ends from a dot on.</summary>
    public required ImmutableArray<string> Targets { get; init; }

    /// <summary>Share of the inputs of A that are 0 in training; the others are divided by the rest.</summary>
    public double Dropout { get; init; }

    /// <summary>Experts of each matrix; 0 for one update that all tokens share.</summary>
    public int Experts { get; init; }

    /// <summary>Experts per token.</summary>
    public int TopK { get; init; } = 2;

    /// <summary>Whether there are experts.</summary>
    public bool IsRouted => Experts > 0;

    /// <summary>Whether the weights of the chosen experts are divided by their sum. That of a single one stays a probability, from which its router learns.</summary>
    public bool NormalizeTopK => TopK > 1;

    /// <summary>alpha / rank.</summary>
    public float Scale => (float)(Alpha / Rank);

    /// <summary>What a resumed run must share with the one that wrote the checkpoint; no semicolons.</summary>
    internal string Fingerprint => FormattableString.Invariant($"{Rank}/{Alpha}/{string.Join(',', Targets)}/{Dropout}{(IsRouted ? $"/{Experts}x{TopK}" : "")}");
}
