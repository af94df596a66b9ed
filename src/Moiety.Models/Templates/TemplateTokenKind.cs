namespace Moiety.Models.Templates;

/// <summary>Kinds of tokens of a template.</summary>
internal enum TemplateTokenKind
{
    /// <summary>Text between tags.</summary>
    Text,

    /// <summary>Start of a statement.</summary>
    BlockBegin,

    /// <summary>End of a statement.</summary>
    BlockEnd,

    /// <summary>Start of an expression that is printed.</summary>
    OutputBegin,

    /// <summary>Its end.</summary>
    OutputEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string, without quotes and escapes.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Another number.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Symbol,

    /// <summary>The end of the template.</summary>
    End,
}
