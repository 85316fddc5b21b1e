using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Scenarios.Runner;

/// <summary>
/// Faults written as "lb_slots write 1 Busy" or "lb_services4 update 1-2 NoMemory": table, operation, which of
/// them (counted from here on), error.
/// </summary>
internal sealed class ScenarioFaults : IFaults
{
    private readonly List<Fault> faults = [];
    private readonly Dictionary<(string, TableOperation), int> counts = [];

    public void Set(IEnumerable<string> lines)
    {
        faults.Clear();
        counts.Clear();
        foreach (var line in lines)
        {
            if (line == "off") continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var numbers = words[2].Split('-').Select(int.Parse).ToArray();
            faults.Add(new Fault(
                words[0], Enum.Parse<TableOperation>(words[1], ignoreCase: true), numbers[0], numbers[^1],
                Enum.Parse<TableError>(words[3])));
        }
    }

    public TableError Next(string table, TableOperation operation)
    {
        var number = counts[(table, operation)] = counts.GetValueOrDefault((table, operation)) + 1;
        return faults.Find(f
            => f.Table == table && f.Operation == operation && number >= f.First && number <= f.Last)?.Error ?? TableError.None;
    }

    private sealed record Fault(string Table, TableOperation Operation, int First, int Last, TableError Error);
}
