namespace Moiety.Planning.Layouts;

/// <summary>Where the experts of one layer are.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Experts">Its experts, E_l.</param>
/// <param name="ExpertParallel">Devices (or groups of them) among which the experts are divided, ep_l.</param>
/// <param name="ExpertSlice">Devices that share each expert, s_l.</param>
/// <param name="DataParallel">Copies of all that, dp_l = W / (ep_l s_l), each for its share of the tokens.</param>
public sealed record MoeLayerLayout(int Layer, int Experts, int ExpertParallel, int ExpertSlice, int DataParallel)
{
    /// <summary>Experts of a device, E_l / ep_l; each of them is a slice where experts are sliced.</summary>
    public int ExpertsPerDevice => Experts / ExpertParallel;

    /// <summary>Devices that exchange tokens with each other, ep_l s_l.</summary>
    public int GroupSize => ExpertParallel * ExpertSlice;
}
