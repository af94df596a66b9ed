namespace Moiety.Data.Narration;

/// <summary>Numbers as English words.</summary>
internal static class Numbers
{
    private static readonly string[] Small =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
         "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];

    private static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    /// <summary>A number from 0 to 99 in words.</summary>
    internal static string Word(int number) => number switch
    {
        < 0 or > 99 => throw new ArgumentOutOfRangeException(nameof(number), number, "The story world counts from 0 to 99."),
        < 20 => Small[number],
        _ => number % 10 == 0 ? Tens[number / 10] : $"{Tens[number / 10]}-{Small[number % 10]}",
    };

    /// <summary>A number of coins in words.</summary>
    internal static string Coins(int number) => number == 1 ? "one coin" : $"{Word(number)} coins";
}
