using System.Globalization;

namespace EbpfLb.Testing.Probes;

/// <summary>What a load saw.</summary>
/// <param name="Answered">Requests that got an answer.</param>
/// <param name="Failed">Requests that got none; <paramref name="Errors"/> says at which call and why ("connect/ECONNREFUSED").</param>
/// <param name="Foreign">Answers from a backend that serves something else.</param>
/// <param name="BadPeer">Times getpeername() differed from the address that was asked for.</param>
/// <param name="PerSecond">Answers a second since the load (or its figures) began.</param>
/// <param name="BadSource">Datagrams whose source differed from the address that was asked for.</param>
public sealed record LoadReport(
    long Answered,
    long Failed,
    long Foreign,
    long BadPeer,
    long BadSource,
    long PerSecond,
    IReadOnlyDictionary<string, long> Names,
    IReadOnlyDictionary<string, long> Errors,
    string Line)
{
    private static readonly string[] Ended =
        ["peer/ENOTCONN", "send/EDESTADDRREQ", "send/ECONNABORTED", "receive/ECONNABORTED", "receive/ENOTCONN"];

    /// <summary>Nothing failed and nothing was untrue.</summary>
    public bool IsClean => (Failed, Foreign, BadPeer, BadSource) == (0, 0, 0, 0);

    /// <summary>
    /// Nothing was untrue, and what failed are datagrams whose socket was ended while their answer was awaited, since its backend went:
    /// that is said at once, and may come at any of a client's calls.
    /// </summary>
    public bool IsCleanButEnded => (Foreign, BadPeer, BadSource) == (0, 0, 0) && Errors.Keys.All(Ended.Contains);

    /// <summary>Requests made so far.</summary>
    public long Total => Answered + Failed;

    public long By(string name) => Names.TryGetValue(name, out var count) ? count : 0;

    public override string ToString() => Line;

    internal static LoadReport From(ProbeAnswer answer) => new(
        answer.Number("answered"),
        answer.Number("failed"),
        answer.Number("foreign"),
        answer.Number("bad-peer"),
        answer.Number("bad-source"),
        answer.Number("per-second"),
        Tally(answer["names"]),
        Tally(answer["errors"]),
        answer.Line);

    /// <summary>"web-a:10,web-b@fd00::1:12"</summary>
    private static Dictionary<string, long> Tally(string text) => text
        .Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(word => (Word: word, Colon: word.LastIndexOf(':')))
        .ToDictionary(pair => pair.Word[..pair.Colon], pair => long.Parse(pair.Word.AsSpan(pair.Colon + 1), CultureInfo.InvariantCulture));
}
