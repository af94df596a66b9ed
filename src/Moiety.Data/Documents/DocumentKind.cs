namespace Moiety.Data.Documents;

/// <summary>
/// A kind of document of the story world. A new kind is one file with a class of this type and one line in <see cref="All"/>.
/// </summary>
internal abstract class DocumentKind
{
    /// <summary>Every kind, in the order of the help text.</summary>
    internal static DocumentKind[] All { get; } =
    [
        new StoryKind(), new QuestionsKind(), new DialogueKind(), new ListKind(), new InstructionKind(), new RegisterKind(), new ToyLanguageKind(),
        new GroupKind(), new ArithmeticKind(), new AlmanacKind(), new AlmanacQuestionsKind(),
    ];

    /// <summary>The name in options and documents.</summary>
    internal abstract string Name { get; }

    /// <summary>What such a document is, in a line of the help text.</summary>
    internal abstract string Description { get; }

    /// <summary>How many of such documents there are beside the others, unless the user says otherwise.</summary>
    internal abstract int DefaultWeight { get; }

    /// <summary>Makes the documents of one index: one, or several that belong together.</summary>
    internal abstract IReadOnlyList<StoryDocument> Create(DocumentContext context);
}
