using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Cli.Conversation;

/// <summary>All commands within a conversation: a new one is a line here.</summary>
internal static class ChatVerbs
{
    /// <summary>The commands in the order of <c>/help</c>.</summary>
    public static ImmutableArray<ChatVerb> All { get; } =
    [
        new("/help", null, "list these commands", (loop, _) => loop.Help()),
        new("/system", "[TEXT]", "set what goes before the conversation; without a text, remove it", (loop, text) => loop.Session.System = text.Length > 0 ? text : null),
        new("/set", "[NAME VALUE]", "change a parameter, such as temperature 0.7; without a name, show all", (loop, text) => loop.Set(text)),
        new("/adapter", "[PATH]", "answer with a low-rank adapter from now on; without a path, with the model alone", (loop, path) => loop.Adapt(path)),
        new("/retry", null, "answer the last message again, with another seed", (loop, _) => loop.Retry()),
        new("/undo", null, "take back the last message and its answer", (loop, _) => loop.Undo()),
        new("/reset", null, "forget the conversation", (loop, _) => loop.Session.Reset()),
        new("/show", null, "show the conversation so far", (loop, _) => loop.Show()),
        new("/save", "FILE", "write the conversation into a file", (loop, path) => loop.Save(Required(path, "/save FILE"))),
        new("/load", "FILE", "go on with a conversation from a file", (loop, path) => loop.Load(Required(path, "/load FILE"))),
        new("/exit", null, "end; so does the end of the input", (loop, _) => loop.End()),
    ];

    private static string Required(string text, string usage) => text.Length > 0 ? text : throw new InvalidInputException($"{usage}: the name of a file is missing");
}
