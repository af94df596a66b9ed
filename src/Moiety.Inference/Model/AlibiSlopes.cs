namespace Moiety.Inference.Model;

/// <summary>
/// How steeply each head's scores fall with distance (ALiBi, arXiv 2108.12409): a geometric series that begins at its own ratio,
/// 2^(-max / n) for n heads. When n is no power of two, the heads beyond the largest one below take every second slope of the
/// series of twice as many heads.
/// </summary>
internal static class AlibiSlopes
{
    /// <summary>One slope per head.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="maxBias">The exponent of the steepest series, 8 in the paper.</param>
    public static float[] For(int heads, float maxBias)
    {
        int power = 1;
        while (2L * power <= heads)
        {
            power *= 2;
        }

        float[] slopes = new float[heads];
        for (int head = 0; head < heads; head++)
        {
            double exponent = head < power ? head + 1.0 : head - power + 0.5;
            slopes[head] = (float)Math.Pow(2, -maxBias * exponent / power);
        }

        return slopes;
    }
}
