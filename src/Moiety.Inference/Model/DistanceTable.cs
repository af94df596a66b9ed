using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// Which row of a learned table belongs to a distance. Rules differ near the query; far from it, on either side, the row stays the same,
/// so a list up to there is enough.
/// </summary>
internal sealed class DistanceTable
{
    private readonly int[] _rows;
    private readonly int _limit;

    private DistanceTable(int contextLength, Func<int, int> row, int first, int last)
    {
        // Doubling finds where both sides have come to their ends; no sequence is longer than the context.
        int limit = 1;
        while (limit < contextLength && (row(limit) != last || row(-limit) != first))
        {
            limit = (int)Math.Min(2L * limit, contextLength);
        }

        _limit = limit;
        _rows = new int[2 * limit + 1];
        for (int distance = -limit; distance <= limit; distance++)
        {
            _rows[distance + limit] = row(distance);
        }
    }

    /// <summary>The row of a distance: position of the query minus position of the key.</summary>
    public int this[int distance] => _rows[Math.Clamp(distance, -_limit, _limit) + _limit];

    /// <summary>The buckets of learned biases.</summary>
    public static DistanceTable For(RelativeBiasConfig config, int contextLength)
    {
        int half = config.BucketCount / 2;
        int exact = half / 2;
        float scale = (float)Math.Log((double)config.MaxDistance / exact);
        int Row(int distance)
        {
            int side = distance < 0 ? half : 0;
            int length = Math.Abs(distance);

            // In single precision, as the models were trained: at the edges of buckets rounding decides.
            return side + (length < exact ? length : Math.Min(exact + (int)(MathF.Log((float)length / exact) / scale * (half - exact)), half - 1));
        }

        return new DistanceTable(contextLength, Row, config.BucketCount - 1, half - 1);
    }

    /// <summary>The rows of the embedding of relative positions.</summary>
    public static DistanceTable For(DisentangledAttentionConfig config, int contextLength)
    {
        int span = config.Span;
        return new DistanceTable(contextLength, distance => Math.Clamp(Bucket(config, distance) + span, 0, 2 * span - 1), 0, 2 * span - 1);
    }

    private static int Bucket(DisentangledAttentionConfig config, int distance)
    {
        int middle = config.BucketCount / 2;
        int length = Math.Abs(distance);
        if (config.BucketCount == 0 || length <= middle)
        {
            return distance;
        }

        // In single precision, as the models were trained: at the edges of buckets rounding decides.
        float share = MathF.Log((float)length / middle) / MathF.Log((float)((double)(config.MaxDistance - 1) / middle));
        float bucket = MathF.Ceiling(share * (middle - 1)) + middle;
        return Math.Sign(distance) * (int)Math.Min(bucket, 2 * config.Span);
    }
}
