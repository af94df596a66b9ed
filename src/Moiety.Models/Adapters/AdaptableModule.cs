using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;

namespace Moiety.Models.Adapters;

/// <summary>A matrix that a low-rank adapter may change while the model runs.</summary>
/// <param name="Tensor">The matrix.</param>
/// <param name="Name">The module that it is the weight of in the family's Hugging Face folders, whose names adapters use.</param>
/// <param name="IsTransposed">Whether those folders store [columns, rows], which PEFT calls <c>fan_in_fan_out</c>.</param>
/// <param name="Obstacle">Why an adapter in PEFT's layout cannot name it alone, or null when it can.</param>
public sealed record AdaptableModule(TensorSpec Tensor, string Name, bool IsTransposed, string? Obstacle)
{
    private const string Suffix = ".weight";

    /// <summary>The modules of a model, in the order of the forward pass.</summary>
    public static IReadOnlyList<AdaptableModule> Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        TensorLayout layout = new(config, ModelFamilies.Get(config.Family).HuggingFaceNamingFor(config));
        return [.. layout.Tensors.Where(tensor => !tensor.IsVector && IsAdaptable(tensor.Role)).Select(tensor => Describe(layout.PlacementOf(tensor)))];
    }

    /// <summary>
    /// Whether matrices of a role are multiplied with in the plain way. Routers choose in single precision of their own, and the up
    /// projection of latent attention is folded into queries and values.
    /// </summary>
    public static bool IsAdaptable(TensorRole role) => role
        is TensorRole.Query or TensorRole.Key or TensorRole.Value or TensorRole.AttentionOutput or TensorRole.QueryDown or TensorRole.KeyValueDown
        or TensorRole.Gate or TensorRole.Up or TensorRole.Down
        or TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown
        or TensorRole.SharedGate or TensorRole.SharedUp or TensorRole.SharedDown
        or TensorRole.ResidualGate or TensorRole.ResidualUp or TensorRole.ResidualDown
        or TensorRole.Head;

    /// <summary>Whether a target of a configuration means the module: its whole name, or the end of it from a dot on, as in PEFT.</summary>
    public bool IsMeantBy(string target) => Name == target || Name.EndsWith("." + target, StringComparison.Ordinal);

    private static AdaptableModule Describe(TensorPlacement placement)
    {
        string name = placement.Name.EndsWith(Suffix, StringComparison.Ordinal) ? placement.Name[..^Suffix.Length] : placement.Name;
        string? obstacle = placement.StackSize > 0 ? "the family's files stack the matrices of all experts in one tensor"
            : !placement.Location.Parts.IsEmpty ? $"the family's files hold it in one tensor with others ({string.Join(", ", placement.Location.Parts)})"
            : null;
        return new AdaptableModule(placement.Tensor, name, placement.IsTransposed, obstacle);
    }
}
