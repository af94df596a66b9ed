namespace Moiety.Models.Families.Layouts;

/// <summary>How the parts of a fused tensor take turns: each part gives a run of rows to every group.</summary>
internal enum RowGroups
{
    /// <summary>One group: all rows of the first part, then all of the second, and so on. Reading it copies nothing.</summary>
    One,

    /// <summary>
    /// One group for each key-value head: [key-value heads, rows of all parts for it, columns]. GPT-NeoX and BLOOM interleave query,
    /// key and value of a head; Falcon the queries of a head's group, its key and its value.
    /// </summary>
    KeyValueHeads,

    /// <summary>The parts alternate row by row, as gate and up of GPT-OSS do.</summary>
    Rows,
}
