using Moiety.Models.Checkpoints;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// Mistral (Jiang et al., arXiv 2310.06825): Llama with a sliding window in all layers, in the first version. GGUF files call it "llama";
/// those with a window are read as Mistral.
/// </summary>
internal sealed class MistralFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "mistral";

    /// <inheritdoc/>
    public override string Models => "Mistral 7B, Nemo, Small";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MistralForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "llama";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Window = 4096 };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) =>
        metadata.Int32("llama.expert_count") is null or 0 && metadata.Int32("llama.attention.sliding_window") > 0;
}
