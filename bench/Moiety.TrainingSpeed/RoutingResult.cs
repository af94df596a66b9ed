namespace Moiety.TrainingSpeed;

/// <summary>One line of the comparison of table and one-hot products; times of forward and backward.</summary>
/// <param name="Tokens">S.</param>
/// <param name="Experts">E.</param>
/// <param name="TableMilliseconds">Processor time of the table.</param>
/// <param name="OneHotMilliseconds">Processor time of the one-hot products.</param>
/// <param name="Ratio">How many times longer these take.</param>
/// <param name="TableMegabytes">Peak of the table's memory.</param>
/// <param name="OneHotMegabytes">Peak of the one-hot products' memory.</param>
/// <param name="Difference">Largest difference of the outputs.</param>
internal sealed record RoutingResult(
    int Tokens, int Experts, double TableMilliseconds, double OneHotMilliseconds, double Ratio, double? TableMegabytes, double? OneHotMegabytes, double Difference);
