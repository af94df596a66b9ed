using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>Learned biases by bucket of distance, one table for all layers (T5, arXiv 1910.10683; MPNet).</summary>
internal sealed unsafe class BucketBias : RelativeScores
{
    private readonly DistanceTable _buckets;
    private readonly float[] _biases;
    private readonly int _heads;

    /// <param name="config">The buckets.</param>
    /// <param name="biases">[bucket, head].</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="contextLength">Longest sequence that the engine takes.</param>
    public BucketBias(RelativeBiasConfig config, float[] biases, int heads, int contextLength)
    {
        _buckets = DistanceTable.For(config, contextLength);
        _biases = biases;
        _heads = heads;
    }

    /// <inheritdoc/>
    public override bool ReadsKeys => false;

    /// <inheritdoc/>
    public override void Add(float* query, int head, int position, float* keys, int* positions, int count, float* scores)
    {
        for (int key = 0; key < count; key++)
        {
            scores[key] += _biases[_buckets[position - positions[key]] * _heads + head];
        }
    }
}
