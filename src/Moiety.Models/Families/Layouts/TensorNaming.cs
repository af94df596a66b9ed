using System.Collections.Frozen;
using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Layouts;

/// <summary>
/// Where files of a family hold their tensors: one <see cref="TensorLocation"/> for each role.
/// </summary>
internal sealed class TensorNaming
{
    internal const string Layer = "{layer}";
    internal const string Expert = "{expert}";
    private readonly FrozenDictionary<TensorRole, TensorLocation> _locations;

    private TensorNaming(IEnumerable<KeyValuePair<TensorRole, TensorLocation>> locations) => _locations = locations.ToFrozenDictionary();

    private TensorNaming(Dictionary<TensorRole, string> names)
        : this(names.Select(pair => KeyValuePair.Create(pair.Key, (TensorLocation)pair.Value)))
    {
    }

    /// <summary>The names of Hugging Face checkpoints in the manner of Llama; these are the canonical ones.</summary>
    public static TensorNaming HuggingFace { get; } = new(Enum.GetValues<TensorRole>().ToDictionary(role => role, role => role switch
    {
        TensorRole.Embedding => TensorNames.Embedding,
        TensorRole.FinalNorm => TensorNames.FinalNorm,
        TensorRole.Head => TensorNames.Head,
        TensorRole.AttentionNorm => "model.layers.{layer}.input_layernorm.weight",
        TensorRole.Query => "model.layers.{layer}.self_attn.q_proj.weight",
        TensorRole.Key => "model.layers.{layer}.self_attn.k_proj.weight",
        TensorRole.Value => "model.layers.{layer}.self_attn.v_proj.weight",
        TensorRole.AttentionOutput => "model.layers.{layer}.self_attn.o_proj.weight",
        TensorRole.FeedForwardNorm => "model.layers.{layer}.post_attention_layernorm.weight",
        TensorRole.Gate => "model.layers.{layer}.mlp.gate_proj.weight",
        TensorRole.Up => "model.layers.{layer}.mlp.up_proj.weight",
        TensorRole.Down => "model.layers.{layer}.mlp.down_proj.weight",
        TensorRole.Router => "model.layers.{layer}.mlp.gate.weight",
        TensorRole.ExpertGate => "model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight",
        TensorRole.ExpertUp => "model.layers.{layer}.mlp.experts.{expert}.up_proj.weight",
        TensorRole.ExpertDown => "model.layers.{layer}.mlp.experts.{expert}.down_proj.weight",
        TensorRole.ResidualGate => "model.layers.{layer}.mlp.residual.gate_proj.weight",
        TensorRole.ResidualUp => "model.layers.{layer}.mlp.residual.up_proj.weight",
        TensorRole.ResidualDown => "model.layers.{layer}.mlp.residual.down_proj.weight",
        TensorRole.Coefficient => "model.layers.{layer}.mlp.coefficient.weight",
        TensorRole.CoefficientBias => "model.layers.{layer}.mlp.coefficient.bias",
        TensorRole.PositionEmbedding => TensorNames.PositionEmbedding,
        TensorRole.TokenTypeEmbedding => TensorNames.TokenTypeEmbedding,
        TensorRole.EmbeddingNorm => TensorNames.EmbeddingNorm,
        TensorRole.EmbeddingNormBias => TensorNames.EmbeddingNormBias,
        TensorRole.EmbeddingProjection => TensorNames.EmbeddingProjection,
        TensorRole.HeadProjection => TensorNames.HeadProjection,
        TensorRole.FinalNormBias => TensorNames.FinalNormBias,
        TensorRole.HeadBias => TensorNames.HeadBias,
        TensorRole.AttentionNormBias => "model.layers.{layer}.input_layernorm.bias",
        TensorRole.QueryBias => "model.layers.{layer}.self_attn.q_proj.bias",
        TensorRole.KeyBias => "model.layers.{layer}.self_attn.k_proj.bias",
        TensorRole.ValueBias => "model.layers.{layer}.self_attn.v_proj.bias",
        TensorRole.AttentionOutputBias => "model.layers.{layer}.self_attn.o_proj.bias",
        TensorRole.QueryNorm => "model.layers.{layer}.self_attn.q_norm.weight",
        TensorRole.KeyNorm => "model.layers.{layer}.self_attn.k_norm.weight",
        TensorRole.AttentionSinks => "model.layers.{layer}.self_attn.sinks",
        TensorRole.AttentionOutputNorm => "model.layers.{layer}.post_self_attn_layernorm.weight",
        TensorRole.QueryDown => "model.layers.{layer}.self_attn.q_a_proj.weight",
        TensorRole.QueryDownNorm => "model.layers.{layer}.self_attn.q_a_layernorm.weight",
        TensorRole.KeyValueDown => "model.layers.{layer}.self_attn.kv_a_proj_with_mqa.weight",
        TensorRole.KeyValueDownNorm => "model.layers.{layer}.self_attn.kv_a_layernorm.weight",
        TensorRole.KeyValueUp => "model.layers.{layer}.self_attn.kv_b_proj.weight",
        TensorRole.FeedForwardNormBias => "model.layers.{layer}.post_attention_layernorm.bias",
        TensorRole.FeedForwardOutputNorm => "model.layers.{layer}.post_feedforward_layernorm.weight",
        TensorRole.GateBias => "model.layers.{layer}.mlp.gate_proj.bias",
        TensorRole.UpBias => "model.layers.{layer}.mlp.up_proj.bias",
        TensorRole.DownBias => "model.layers.{layer}.mlp.down_proj.bias",
        TensorRole.RouterBias => "model.layers.{layer}.mlp.gate.bias",
        TensorRole.SelectionBias => "model.layers.{layer}.mlp.gate.e_score_correction_bias",
        TensorRole.ExpertTable => "model.layers.{layer}.mlp.gate.expert_of_token",
        TensorRole.ExpertGateBias => "model.layers.{layer}.mlp.experts.{expert}.gate_proj.bias",
        TensorRole.ExpertUpBias => "model.layers.{layer}.mlp.experts.{expert}.up_proj.bias",
        TensorRole.ExpertDownBias => "model.layers.{layer}.mlp.experts.{expert}.down_proj.bias",
        TensorRole.SharedGate => "model.layers.{layer}.mlp.shared_expert.gate_proj.weight",
        TensorRole.SharedUp => "model.layers.{layer}.mlp.shared_expert.up_proj.weight",
        TensorRole.SharedDown => "model.layers.{layer}.mlp.shared_expert.down_proj.weight",
        TensorRole.SharedWeight => "model.layers.{layer}.mlp.shared_expert_gate.weight",
        TensorRole.RelativeBias => TensorNames.RelativeBias,
        TensorRole.RelativeEmbedding => TensorNames.RelativeEmbedding,
        TensorRole.RelativeEmbeddingNorm => TensorNames.RelativeEmbeddingNorm,
        TensorRole.RelativeEmbeddingNormBias => TensorNames.RelativeEmbeddingNormBias,
        TensorRole.RelativeKey => "model.layers.{layer}.self_attn.pos_key_proj.weight",
        TensorRole.RelativeKeyBias => "model.layers.{layer}.self_attn.pos_key_proj.bias",
        TensorRole.RelativeQuery => "model.layers.{layer}.self_attn.pos_query_proj.weight",
        TensorRole.RelativeQueryBias => "model.layers.{layer}.self_attn.pos_query_proj.bias",
        TensorRole.Convolution => TensorNames.Convolution,
        TensorRole.ConvolutionBias => TensorNames.ConvolutionBias,
        TensorRole.ConvolutionNorm => TensorNames.ConvolutionNorm,
        TensorRole.ConvolutionNormBias => TensorNames.ConvolutionNormBias,
        TensorRole.ClassifierDense => TensorNames.ClassifierDense,
        TensorRole.ClassifierDenseBias => TensorNames.ClassifierDenseBias,
        TensorRole.ClassifierOutput => TensorNames.ClassifierOutput,
        TensorRole.ClassifierOutputBias => TensorNames.ClassifierOutputBias,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    }));

    /// <summary>
    /// The names of GGUF files. What only Moiety has carries its name, so that a reader that does not know the residual branch
    /// fails instead of leaving it out.
    /// </summary>
    public static TensorNaming Gguf { get; } = new(Enum.GetValues<TensorRole>().ToDictionary(role => role, role => role switch
    {
        TensorRole.Embedding => "token_embd.weight",
        TensorRole.FinalNorm => "output_norm.weight",
        TensorRole.Head => "output.weight",
        TensorRole.AttentionNorm => "blk.{layer}.attn_norm.weight",
        TensorRole.Query => "blk.{layer}.attn_q.weight",
        TensorRole.Key => "blk.{layer}.attn_k.weight",
        TensorRole.Value => "blk.{layer}.attn_v.weight",
        TensorRole.AttentionOutput => "blk.{layer}.attn_output.weight",
        TensorRole.FeedForwardNorm => "blk.{layer}.ffn_norm.weight",
        TensorRole.Gate => "blk.{layer}.ffn_gate.weight",
        TensorRole.Up => "blk.{layer}.ffn_up.weight",
        TensorRole.Down => "blk.{layer}.ffn_down.weight",
        TensorRole.Router => "blk.{layer}.ffn_gate_inp.weight",
        TensorRole.ExpertGate => "blk.{layer}.ffn_gate_exps.weight",
        TensorRole.ExpertUp => "blk.{layer}.ffn_up_exps.weight",
        TensorRole.ExpertDown => "blk.{layer}.ffn_down_exps.weight",
        TensorRole.ResidualGate => "blk.{layer}.moiety_residual_gate.weight",
        TensorRole.ResidualUp => "blk.{layer}.moiety_residual_up.weight",
        TensorRole.ResidualDown => "blk.{layer}.moiety_residual_down.weight",
        TensorRole.Coefficient => "blk.{layer}.moiety_coefficient.weight",
        TensorRole.CoefficientBias => "blk.{layer}.moiety_coefficient.bias",
        TensorRole.PositionEmbedding => "position_embd.weight",
        TensorRole.TokenTypeEmbedding => "token_types.weight",
        TensorRole.EmbeddingNorm => "token_embd_norm.weight",
        TensorRole.EmbeddingNormBias => "token_embd_norm.bias",
        TensorRole.EmbeddingProjection => "moiety_project_in.weight",
        TensorRole.HeadProjection => "moiety_project_out.weight",
        TensorRole.FinalNormBias => "output_norm.bias",
        TensorRole.HeadBias => "output.bias",
        TensorRole.AttentionNormBias => "blk.{layer}.attn_norm.bias",
        TensorRole.QueryBias => "blk.{layer}.attn_q.bias",
        TensorRole.KeyBias => "blk.{layer}.attn_k.bias",
        TensorRole.ValueBias => "blk.{layer}.attn_v.bias",
        TensorRole.AttentionOutputBias => "blk.{layer}.attn_output.bias",
        TensorRole.QueryNorm => "blk.{layer}.attn_q_norm.weight",
        TensorRole.KeyNorm => "blk.{layer}.attn_k_norm.weight",
        TensorRole.AttentionSinks => "blk.{layer}.attn_sinks.weight",
        TensorRole.AttentionOutputNorm => "blk.{layer}.post_attention_norm.weight",
        TensorRole.QueryDown => "blk.{layer}.attn_q_a.weight",
        TensorRole.QueryDownNorm => "blk.{layer}.attn_q_a_norm.weight",
        TensorRole.KeyValueDown => "blk.{layer}.attn_kv_a_mqa.weight",
        TensorRole.KeyValueDownNorm => "blk.{layer}.attn_kv_a_norm.weight",
        TensorRole.KeyValueUp => "blk.{layer}.attn_kv_b.weight",
        TensorRole.FeedForwardNormBias => "blk.{layer}.ffn_norm.bias",
        TensorRole.FeedForwardOutputNorm => "blk.{layer}.post_ffw_norm.weight",
        TensorRole.GateBias => "blk.{layer}.ffn_gate.bias",
        TensorRole.UpBias => "blk.{layer}.ffn_up.bias",
        TensorRole.DownBias => "blk.{layer}.ffn_down.bias",
        TensorRole.RouterBias => "blk.{layer}.ffn_gate_inp.bias",
        TensorRole.SelectionBias => "blk.{layer}.exp_probs_b.bias",
        TensorRole.ExpertTable => "blk.{layer}.moiety_expert_table.weight",
        TensorRole.ExpertGateBias => "blk.{layer}.ffn_gate_exps.bias",
        TensorRole.ExpertUpBias => "blk.{layer}.ffn_up_exps.bias",
        TensorRole.ExpertDownBias => "blk.{layer}.ffn_down_exps.bias",
        TensorRole.SharedGate => "blk.{layer}.ffn_gate_shexp.weight",
        TensorRole.SharedUp => "blk.{layer}.ffn_up_shexp.weight",
        TensorRole.SharedDown => "blk.{layer}.ffn_down_shexp.weight",
        TensorRole.SharedWeight => "blk.{layer}.ffn_gate_inp_shexp.weight",
        TensorRole.RelativeBias => "moiety_rel_bias.weight",
        TensorRole.RelativeEmbedding => "moiety_rel_embd.weight",
        TensorRole.RelativeEmbeddingNorm => "moiety_rel_embd_norm.weight",
        TensorRole.RelativeEmbeddingNormBias => "moiety_rel_embd_norm.bias",
        TensorRole.RelativeKey => "blk.{layer}.moiety_rel_k.weight",
        TensorRole.RelativeKeyBias => "blk.{layer}.moiety_rel_k.bias",
        TensorRole.RelativeQuery => "blk.{layer}.moiety_rel_q.weight",
        TensorRole.RelativeQueryBias => "blk.{layer}.moiety_rel_q.bias",
        TensorRole.Convolution => "moiety_conv.weight",
        TensorRole.ConvolutionBias => "moiety_conv.bias",
        TensorRole.ConvolutionNorm => "moiety_conv_norm.weight",
        TensorRole.ConvolutionNormBias => "moiety_conv_norm.bias",
        TensorRole.ClassifierDense => "cls.weight",
        TensorRole.ClassifierDenseBias => "cls.bias",
        TensorRole.ClassifierOutput => "cls.output.weight",
        TensorRole.ClassifierOutputBias => "cls.output.bias",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    }));

    /// <summary>The same locations but for some roles.</summary>
    public TensorNaming With(params ReadOnlySpan<(TensorRole Role, TensorLocation Location)> changes)
    {
        Dictionary<TensorRole, TensorLocation> locations = new(_locations);
        foreach ((TensorRole role, TensorLocation location) in changes)
        {
            locations[role] = location;
        }

        return new TensorNaming(locations);
    }

    /// <summary>The same locations, but the parts of a fused tensor share it.</summary>
    /// <param name="fused">Where that tensor is, see <see cref="TensorLocation.Fused"/>.</param>
    public TensorNaming WithFused(TensorLocation fused) => With([.. fused.Parts.Select(role => (role, fused))]);

    /// <summary>The same locations; names that begin in one way may in files also begin in others: with <c>transformer.</c>, or without.</summary>
    /// <param name="written">How the names begin here, and in files that are written.</param>
    /// <param name="others">How they may begin in files that are read, "" for nothing.</param>
    public TensorNaming WithRoots(string written, params string[] others) =>
        new(_locations.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.WithRoots(written, others))));

    /// <summary>Where the files hold a tensor.</summary>
    public TensorLocation LocationOf(TensorRole role) => _locations[role];

    /// <summary>The name of the file's tensor that holds this one, as it is written.</summary>
    public string NameOf(TensorSpec tensor) => Resolve(_locations[tensor.Role].Names[0], tensor);

    /// <summary>A template's name for a tensor.</summary>
    public static string Resolve(string template, TensorSpec tensor)
    {
        string name = template;
        if (tensor.Layer >= 0)
        {
            name = name.Replace(Layer, tensor.Layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        return tensor.Expert >= 0
            ? name.Replace(Expert, tensor.Expert.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            : name;
    }
}
