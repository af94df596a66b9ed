namespace Moiety.Inference.Steps;

/// <summary>For which tokens of a slice the output head runs.</summary>
public enum LogitsWanted
{
    /// <summary>None: the slice only fills the cache (all but the last chunk of a prompt).</summary>
    None,

    /// <summary>The last token: the distribution of the next one.</summary>
    Last,

    /// <summary>Every token: scoring a text, verifying a draft.</summary>
    All,
}
