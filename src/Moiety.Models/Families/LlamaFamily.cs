using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// Llama (Touvron et al., arXiv 2302.13971 and 2307.09288; Llama 3, arXiv 2407.21783) and the many models in its shape: TinyLlama, Yi,
/// SmolLM, DeepSeek LLM.
/// </summary>
internal sealed class LlamaFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "llama";

    /// <inheritdoc/>
    public override string Models => "Llama 1 to 3.3, TinyLlama, Yi, SmolLM, DeepSeek LLM, Vicuna";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "LlamaForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "llama";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) =>
        metadata.Int32("llama.expert_count") is null or 0 && metadata.Int32("llama.attention.sliding_window") is null or 0;

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => LlamaBiases.Write(config, json);
}
