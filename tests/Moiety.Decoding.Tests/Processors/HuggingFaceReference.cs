namespace Moiety.Decoding.Tests.Processors;

/// <summary>
/// The processors as Hugging Face's <c>generation/logits_process.py</c> and the OpenAI API reference define them, written the slow
/// and obvious way: with sorting, softmax over everything and copies.
/// </summary>
internal static class HuggingFaceReference
{
    public static float[] Temperature(float[] logits, float temperature) => [.. logits.Select(logit => logit / temperature)];

    // indices_to_remove = scores < torch.topk(scores, top_k)[0][..., -1, None]
    public static float[] TopK(float[] logits, int count)
    {
        float kth = logits.OrderDescending().ElementAt(Math.Min(count, logits.Length) - 1);
        return Remove(logits, id => logits[id] < kth);
    }

    // sorted ascending; removed while cumulative softmax <= 1 - top_p; the likeliest always stays.
    public static float[] TopP(float[] logits, double mass)
    {
        double[] probabilities = Softmax(logits);
        int[] ascending = [.. Enumerable.Range(0, logits.Length).OrderBy(id => logits[id]).ThenByDescending(id => id)];
        HashSet<int> removed = [];
        double cumulative = 0;
        foreach (int id in ascending.SkipLast(1))
        {
            cumulative += probabilities[id];
            if (cumulative <= 1 - mass)
            {
                removed.Add(id);
            }
        }

        return Remove(logits, removed.Contains);
    }

    // tokens_to_remove = probs < min_p * top_prob
    public static float[] MinP(float[] logits, double fraction)
    {
        double[] probabilities = Softmax(logits);
        double top = probabilities.Max();
        return Remove(logits, id => probabilities[id] < fraction * top);
    }

    // score = gather(scores, input_ids); score = where(score < 0, score * penalty, score / penalty); scatter
    public static float[] RepetitionPenalty(float[] logits, int[] tokens, float penalty)
    {
        float[] result = [.. logits];
        foreach (int token in tokens.Distinct())
        {
            result[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty;
        }

        return result;
    }

    // mu[j] -> mu[j] - c[j] * alpha_frequency - float(c[j] > 0) * alpha_presence, c[j]: how often j was sampled before.
    public static float[] OpenAiPenalties(float[] logits, int[] generated, float frequency, float presence) =>
        [.. logits.Select((logit, id) => logit - (generated.Count(token => token == id) * frequency) - (generated.Contains(id) ? presence : 0))];

    public static double[] Softmax(float[] logits)
    {
        double maximum = logits.Max();
        double total = logits.Sum(logit => Math.Exp(logit - maximum));
        return [.. logits.Select(logit => Math.Exp(logit - maximum) / total)];
    }

    private static float[] Remove(float[] logits, Func<int, bool> removed) =>
        [.. logits.Select((logit, id) => removed(id) ? float.NegativeInfinity : logit)];
}
