using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Rotary positions of one head, angle by angle.</summary>
internal static class ReferencePositions
{
    /// <summary>Turns a head in place.</summary>
    public static void Rotate(Span<double> head, int position, RotaryConfig rotary)
    {
        int half = head.Length / 2;
        for (int pair = 0; pair < half; pair++)
        {
            double angle = position * Math.Pow(rotary.Theta, -(double)pair / half);
            int first = rotary.Interleaved ? 2 * pair : pair;
            int second = rotary.Interleaved ? 2 * pair + 1 : pair + half;
            (double x, double y) = (head[first], head[second]);
            head[first] = x * Math.Cos(angle) - y * Math.Sin(angle);
            head[second] = x * Math.Sin(angle) + y * Math.Cos(angle);
        }
    }
}
