using System.Collections.Frozen;
using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families;

/// <summary>
/// How files of a family name their tensors: one template for each role, with <c>{layer}</c> and <c>{expert}</c>. A template
/// of an expert's tensor without <c>{expert}</c> says that the file stacks all experts of a layer in one tensor.
/// </summary>
internal sealed class TensorNaming
{
    private const string Layer = "{layer}";
    private const string Expert = "{expert}";
    private readonly FrozenDictionary<TensorRole, string> _templates;

    private TensorNaming(IEnumerable<KeyValuePair<TensorRole, string>> templates) => _templates = templates.ToFrozenDictionary();

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
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    }));

    /// <summary>The same names but for some roles.</summary>
    public TensorNaming With(params (TensorRole Role, string Template)[] changes)
    {
        Dictionary<TensorRole, string> templates = new(_templates);
        foreach ((TensorRole role, string template) in changes)
        {
            templates[role] = template;
        }

        return new TensorNaming(templates);
    }

    /// <summary>The name in the file.</summary>
    public string NameOf(TensorSpec tensor)
    {
        string name = _templates[tensor.Role];
        if (tensor.Layer >= 0)
        {
            name = name.Replace(Layer, tensor.Layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        return tensor.Expert >= 0
            ? name.Replace(Expert, tensor.Expert.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            : name;
    }

    /// <summary>Whether the file stacks this tensor with those of the other experts of its layer.</summary>
    public bool IsStacked(TensorSpec tensor) => tensor.Expert >= 0 && !_templates[tensor.Role].Contains(Expert, StringComparison.Ordinal);
}
