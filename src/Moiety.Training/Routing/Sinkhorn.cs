namespace Moiety.Training.Routing;

/// <summary>
/// Sinkhorn's iteration (S-BASE of Clark et al., arXiv 2202.01169): the entropy-regularized transport plan of tokens to experts,
/// P = diag(r) exp(z) diag(c), in which every token gives 1 and every expert gets tokens / experts.
/// </summary>
internal static class Sinkhorn
{
    private const int MaxIterations = 50;
    private const double Tolerance = 1e-3;

    // Logits further below a token's best count as this far: what lies beyond has no share in the plan, and all sums stay finite.
    private const double Depth = 200;

    /// <summary>
    /// The plan: alternately r = 1 / (K c) and c = (tokens / experts) / (K^T r), until no c changes by more than a thousandth, at most
    /// 50 times. Rows sum to 1; columns sum to tokens / experts as exactly as that goes.
    /// </summary>
    /// <param name="logits">[tokens, experts], row-major, finite.</param>
    /// <param name="experts">Number of experts.</param>
    /// <returns>[tokens, experts].</returns>
    internal static float[] Plan(ReadOnlySpan<float> logits, int experts)
    {
        int tokens = logits.Length / experts;
        double[] kernel = Kernel(logits, experts);
        double[] rows = new double[tokens];
        double[] columns = new double[experts];
        double[] sums = new double[experts];
        Array.Fill(columns, 1);
        ScaleRows(kernel, columns, rows);
        double change = double.MaxValue;
        for (int iteration = 0; iteration < MaxIterations && change > Tolerance; iteration++)
        {
            Array.Clear(sums);
            for (int i = 0; i < kernel.Length; i++)
            {
                sums[i % experts] += kernel[i] * rows[i / experts];
            }

            change = 0;
            for (int expert = 0; expert < experts; expert++)
            {
                double scaled = (double)tokens / experts / sums[expert];
                change = Math.Max(change, Math.Abs((scaled / columns[expert]) - 1));
                columns[expert] = scaled;
            }

            ScaleRows(kernel, columns, rows);
        }

        float[] plan = new float[kernel.Length];
        for (int i = 0; i < plan.Length; i++)
        {
            plan[i] = (float)(rows[i / experts] * kernel[i] * columns[i % experts]);
        }

        return plan;
    }

    private static double[] Kernel(ReadOnlySpan<float> logits, int experts)
    {
        double[] kernel = new double[logits.Length];
        for (int start = 0; start < logits.Length; start += experts)
        {
            ReadOnlySpan<float> row = logits.Slice(start, experts);
            double best = System.Numerics.Tensors.TensorPrimitives.Max(row);
            for (int expert = 0; expert < experts; expert++)
            {
                kernel[start + expert] = Math.Exp(Math.Max(row[expert] - best, -Depth));
            }
        }

        return kernel;
    }

    private static void ScaleRows(double[] kernel, double[] columns, double[] rows)
    {
        for (int token = 0; token < rows.Length; token++)
        {
            double sum = 0;
            for (int expert = 0; expert < columns.Length; expert++)
            {
                sum += kernel[(token * columns.Length) + expert] * columns[expert];
            }

            rows[token] = 1 / sum;
        }
    }
}
