namespace Moiety.TrainingSpeed;

/// <summary>One line of the comparison of decoding with experts grouped and called for each token.</summary>
/// <param name="Batch">Tokens of the step.</param>
/// <param name="Experts">E.</param>
/// <param name="TopK">Experts of a token.</param>
/// <param name="Distinct">Experts that some token chose.</param>
/// <param name="Format">How the weights are stored.</param>
/// <param name="GroupedMilliseconds">Processor time, grouped.</param>
/// <param name="NaiveMilliseconds">Processor time of one call for each token and choice.</param>
/// <param name="Ratio">How many times longer these take.</param>
/// <param name="Same">Whether the outputs are bit by bit the same.</param>
internal sealed record DecodeResult(
    int Batch, int Experts, int TopK, int Distinct, string Format, double GroupedMilliseconds, double NaiveMilliseconds, double Ratio, bool Same);
