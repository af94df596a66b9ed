using System.Text.Json.Nodes;

namespace Moiety.Experiments.Definitions;

/// <summary>
/// How an arm's overrides change the base: objects are merged key by key, everything else (lists too) takes the place of what was there.
/// Null is a value like any other, since the training configuration gives it a meaning.
/// </summary>
internal static class JsonMerge
{
    /// <summary>Merges into a copy.</summary>
    internal static JsonObject Merge(JsonObject original, JsonObject overrides)
    {
        JsonObject merged = (JsonObject)original.DeepClone();
        foreach ((string key, JsonNode? value) in overrides)
        {
            merged[key] = merged[key] is JsonObject before && value is JsonObject changes ? Merge(before, changes) : value?.DeepClone();
        }

        return merged;
    }

    /// <summary>A copy with the keys of every object in ordinal order: one text for one meaning.</summary>
    internal static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject properties => new JsonObject(properties
            .OrderBy(property => property.Key, StringComparer.Ordinal)
            .Select(property => KeyValuePair.Create(property.Key, Sort(property.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sort)]),
        _ => node?.DeepClone(),
    };
}
