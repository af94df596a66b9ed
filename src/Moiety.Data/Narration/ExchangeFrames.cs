using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames of giving, asking, buying, earning, eating, borrowing and swapping.</summary>
internal static class ExchangeFrames
{
    internal static EventFrames[] All() =>
    [
        new(EventKind.Give, ["{<give>|<hand>} @I:x to @B:o", "<give> @B:o @I:x", "{kindly |happily |quickly |}<give> @B:o @I:x"],
        [
            "\"{Here|Here you are|This is for you|You can have it}, @B:v,\" {said @A:f|@A:f said}, and @A gave @B:o @I:x.",
            "\"Please take @I:d, @B:v,\" {said @A:f|@A:f said}. ^@A gave it to @B:o.",
        ]),
        new(EventKind.GiveCount, ["{<give>|<hand>} @B:o @N", "<give> @N to @B:o"],
        [
            "\"{Here|Here you are|Take these|These are for you}, @B:v,\" {said @A:f|@A:f said}, and @A gave @B:o @N.",
            "\"You can have @N, @B:v,\" {said @A:f|@A:f said}. ^@A gave @B:o @N.",
        ]),
        new(EventKind.Ask, ["<ask> @B:o for @I:d"],
        [
            "\"{Can|May|Could} I {have|use|hold} @I:d{|, please}?\" {asked @A:f|@A:f asked}.",
            "\"Please, @B:v, {can|may} I have @I:d?\" {asked @A:f|@A:f asked}.",
            "@A asked @B:o {for|about} @I:d.",
        ]),
        new(EventKind.AskCount, ["<ask> @B:o for some @N:p"],
        [
            "\"{Can|May|Could} I have some @N:p{|, please}?\" {asked @A:f|@A:f asked}.",
            "\"I {have|have got} no @N:p, @B:v,\" {said @A:f|@A:f said}. \"{Can|May} I have some of {yours|your @N:p}?\"",
            "@A had no @N:p and asked @B:o for some.",
        ]),
        new(EventKind.Refuse, ["<say> no"],
        [
            "\"No,\" {said @A:f|@A:f said}. \"{I want to keep it for myself|I do not want to|They are mine|It is mine}.\"",
            "But @A said no.",
            "@A {shook @A:s head|did not want to share|said no}{| and turned away| and looked away}.",
        ]),
        new(EventKind.Agree, ["<say> yes"],
        [
            "\"{Yes|Of course|Sure|Yes, of course},\" {said @A:f|@A:f said}.",
            "@A {said yes|nodded|was glad to help}.",
        ]),
        new(EventKind.Offer, ["<offer> to help @B:o"],
        [
            "\"{Do not worry|Do not be sad|Do not cry}, @B:v,\" {said @A:f|@A:f said}. \"I {will|can} help you.\"",
            "\"{Let me help|I will help you|Can I help you}, @B:v{,|!}\" {said @A:f|@A:f said}.",
            "@A {wanted to help|said that @A:p would help} @B:o.",
        ]),
        new(EventKind.AskWrong, ["<ask> @B:o what was wrong"],
        [
            "\"{What is wrong|What is the matter|What happened|Why are you sad}, @B:v?\" {asked @A:f|@A:f asked}.",
            "@A {came|came over|walked up} and asked, \"{What is wrong|Are you all right|What happened}, @B:v?\"",
        ]),
        new(EventKind.Tell, ["<tell> @B:o {everything|all about it|what had happened}"],
        [
            "\"I {have lost|lost|cannot find} my @I:n,\" {said @A:f|@A:f said}{| sadly| softly}.",
            "\"My @I:n is gone, @B:v,\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.Thank, ["<thank> @B:o", "{<smile>|<nod>} and <thank> @B:o"],
        [
            "\"{Thank you|Thank you so much|Thank you very much|Thanks}, @B:v{,|!}\" {said @A:f|@A:f said}.",
            "\"{You are so kind|You are a good friend|That is so nice of you}, @B:v. ^{Thank you|Thanks}!\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.Buy, ["<buy> @I:x for @C{ from @B:o|}"],
        [
            "\"How much is @I:d?\" asked @A:f. \"It {costs|is} @C,\" {said @B:f|@B:f said}. ^@A {paid|gave @B:o the money} and took it.",
            "@I:d cost @C. ^@A paid, and {then|now} @I {belonged to @A:o|was @A:s own}.",
            "@A paid @B:o @C for @I:x.",
        ]),
        new(EventKind.BuyCount, ["<buy> @N from @B:o"],
        [
            "\"{I would like|Can I have|I need} @N, please,\" {said @A:f|@A:f said} to @B:f.",
            "@A {asked for|took|chose} @N.",
        ]),
        new(EventKind.Pay, ["<pay> @B:o @C", "<pay> @C"],
        [
            "\"That {is|makes|will be} @C,\" {said @B:f|@B:f said}. ^@A paid.",
            "It cost @C{|, and @A paid}.",
        ]),
        new(EventKind.Left, [],
        [
            "{Now|Then|After that} @A had @C:r left.",
            "@A {still had|had} @C:r left{| in @A:s pocket| in @A:s purse}.",
            "@A put @C:r back into @A:s {pocket|purse}.",
        ]),
        new(EventKind.CannotAfford, [],
        [
            "But @I:d cost @C, and @A {did not have enough money|had only @C:r}.",
            "\"It {costs|is} @C,\" {said @B:f|@B:f said}. ^@A {counted|looked at} @A:s coins. ^It was not enough.",
            "@A {looked at|asked for} @I:d, but it cost @C. ^That was too much.",
        ]),
        new(EventKind.Earn, [],
        [
            "@A @T for @B:o and {got|earned} @C.",
            "@A helped @B:o. ^@A @T, and @B gave @A:o @C.",
            "To {earn|make} some money, @A @T for @B:o. ^@B {paid|gave} @A:o @C.",
            "\"If you @T:b, I will pay you @C,\" {said @B:f|@B:f said}. ^So @A @T and got the money.",
        ]),
        new(EventKind.GetHungry, ["<get> {hungry|very hungry}"],
        [
            "{After a while|Soon|At noon|Then}, @A {was|got|felt} {hungry|very hungry|so hungry}.",
            "\"I am {so|very} hungry,\" {said @A:f|@A:f said}.",
            "@A had not eaten all {day|morning}, and @A was {hungry|very hungry}.",
        ]),
        new(EventKind.Eat, ["<eat> @N", "{happily |quickly |slowly |}<eat> @N"],
        [
            "@A ate @N{| and felt much better|. ^It was so good}.",
            "@A sat down and ate @N.",
        ]),
        new(EventKind.Swap, [],
        [
            "\"{Let us swap|Shall we swap|Do you want to swap}, @B:v?\" said @A:f. ^So @A:f gave @B:f @I:x, and @B:f gave @A:f @J:x.",
            "@A:f and @B:f {traded|swapped}. ^@A:f gave @B:f @I:x and got @J:x.",
        ]),
        new(EventKind.Borrow, [],
        [
            "\"{Can|May|Could} I borrow {@I:d|your @I:n}, @A:v?\" asked @B:f. \"{Yes|Of course|Sure},\" said @A:f, and gave it to @B:o.",
            "@B:f {wanted to borrow|asked for} @I:d, and @A lent it to @B:o.",
        ]),
        new(EventKind.Promise, ["<promise> to {give it back|bring it back|be careful}"],
        [
            "\"I will {bring it back|give it back} {soon|tomorrow|in the evening},\" {said @A:f|@A:f promised}.",
            "@A promised to bring it back.",
        ]),
        new(EventKind.Return, ["{<bring>|<give>} @I:x back to @B:o", "<give> @I back to @B:o"],
        [
            "{The next day|In the evening|Later}, @A {brought|gave} @I:x back to @B:o.",
            "\"Here is your @I:n, @B:v,\" {said @A:f|@A:f said}, and @A gave it back.",
        ]),
        new(EventKind.Errand, [],
        [
            "\"{Can|Could} you {go and buy|buy|get} some @N:p{|, please}, @B:v?\" {asked @A:f|@A:f asked}. \"{Yes|Of course|Sure}!\" said @B:f.",
            "@A:f {needed|wanted} some @N:p and sent @B:f to buy them.",
            "@A:f asked @B:f to buy some @N:p.",
        ]),
        new(EventKind.Visit, [],
        [
            "{Then|After that|Later}, @A {went|walked} to see @B:f.",
            "@A {visited|met|went to} @B:f.",
        ]),
        new(EventKind.GetSeed, [],
        [
            "@A:f gave @B:f a {small|tiny|round} seed. \"{Plant it|Put it in the ground} and give it water,\" {said @A:f|@A:f said}.",
            "\"Here is a seed, @B:v,\" {said @A:f|@A:f said}. \"{Plant it and water it|It needs water and time}.\"",
        ]),
        new(EventKind.KeepsThing, [],
        [
            "But @A {forgot to bring it back|did not bring it back|kept it for a long time}.",
            "{Days went by|The next day came}, but @A did not bring @I:d back.",
        ]),
        new(EventKind.Looking, [],
        [
            "{Soon|Then|A little later}, @A:f came along. \"{I am looking for my @I:h|I lost my @I:h}, @B:v,\" {said @A:f|@A:f said}.",
            "Then @A:f came by and looked very sad. ^@A had lost @I:d.",
        ]),
        new(EventKind.Show, ["<show> @I:d to @B:o", "<show> @B:o @I:d"],
        [
            "\"Look what I found!\" {said|called} @A:f. ^@B:f {smiled|was surprised|liked it}.",
        ]),
    ];
}
