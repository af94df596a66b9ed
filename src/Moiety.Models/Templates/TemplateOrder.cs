namespace Moiety.Models.Templates;

/// <summary>Sorts by Python's order of values; what is equal keeps its order.</summary>
internal static class TemplateOrder
{
    /// <summary>Sorts items by keys.</summary>
    /// <exception cref="InvalidTemplateException">Two keys have no order, or it takes too long.</exception>
    public static List<T> Sort<T>(IReadOnlyList<T> items, Func<T, object?> keyOf, bool reverse, TemplateBudget budget)
    {
        budget.AllocateItems(3L * items.Count);
        (T Item, object? Key)[] sorted = [.. items.Select(item => (item, keyOf(item)))];
        (T Item, object? Key)[] merged = new (T, object?)[sorted.Length];

        // Merging, because a comparison may fail, or contradict itself where numbers are not numbers.
        for (int width = 1; width < sorted.Length; width *= 2)
        {
            for (int start = 0; start < sorted.Length; start += 2 * width)
            {
                int middle = Math.Min(start + width, sorted.Length);
                int end = Math.Min(middle + width, sorted.Length);
                int left = start;
                int right = middle;
                for (int at = start; at < end; at++)
                {
                    bool takesRight = left == middle || right < end && ComesBefore(sorted[right].Key, sorted[left].Key, reverse, budget);
                    merged[at] = takesRight ? sorted[right++] : sorted[left++];
                }
            }

            (sorted, merged) = (merged, sorted);
        }

        return [.. sorted.Select(pair => pair.Item)];
    }

    private static bool ComesBefore(object? key, object? other, bool reverse, TemplateBudget budget)
    {
        int order = TemplateValues.Compare(key, other, budget);
        return reverse ? order > 0 : order < 0;
    }
}
