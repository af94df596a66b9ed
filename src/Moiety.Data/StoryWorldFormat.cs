namespace Moiety.Data;

/// <summary>How a story-world corpus is written.</summary>
public enum StoryWorldFormat
{
    /// <summary>A JSON object a line, with the text and the truth behind it.</summary>
    JsonLines,

    /// <summary>The texts alone; each ends with an empty line and a line <c>&lt;|endoftext|&gt;</c>.</summary>
    Text,
}
