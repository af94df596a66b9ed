using Moiety.Cli.Shell;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>Tables of results: with lines for a person, plain columns through a pipe.</summary>
internal static class Tables
{
    /// <summary>An empty table; a column whose name begins with # is aligned to the right.</summary>
    public static Table Create(Terminal terminal, params ReadOnlySpan<string> columns)
    {
        Table table = new() { Border = terminal.IsOutputLive ? TableBorder.Rounded : TableBorder.None };
        AddColumns(table, columns);
        return table;
    }

    /// <summary>Adds columns.</summary>
    public static void AddColumns(Table table, params ReadOnlySpan<string> columns)
    {
        foreach (string name in columns)
        {
            TableColumn column = new(new Text(name.TrimStart('#'), new Style(decoration: Decoration.Bold)));
            table.AddColumn(name.StartsWith('#') ? column.RightAligned().NoWrap() : column);
        }
    }

    /// <summary>Adds a row of plain text.</summary>
    public static void AddRow(Table table, params ReadOnlySpan<string> cells)
    {
        List<Text> texts = [];
        foreach (string cell in cells)
        {
            texts.Add(new Text(cell));
        }

        table.AddRow(texts);
    }
}
