using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// Ends what an agent had begun that was killed within a <see cref="Switchover"/> after programs had gone over to its maps: what only the
/// maps of before know is brought into ours. While programs in between are at the hooks they bring along what is used; this is for sockets
/// that rest and flows whose packets do not come. Once: what has ended since would begin anew, and what has no room would be counted again.
/// </summary>
internal sealed class LeftHandover(MapSet maps, ILogger logger)
{
    private bool isDone;

    /// <summary>Before programs in between are replaced. What ours know already is newer and stays.</summary>
    /// <exception cref="EbpfLb.Bpf.BpfException">A map cannot be read or written.</exception>
    public void Take(InstancePaths paths)
    {
        if (isDone || maps.Left.Count == 0) return;
        List<FlowMove> flows = [];
        foreach (var left in maps.Left)
        {
            var over = maps.Over(left);
            using var switchover = Switchover.TryOpen(over, logger);
            switchover?.TakeSockets();
            var move = new FlowMove(over, logger);
            move.CopyLate(switchover?.TakeFlow, isLast: true);
            flows.Add(move);
            new StateMove(over).Copy();
        }
        InterruptedHandover.ForgetLeft(paths);
        isDone = true;
        foreach (var move in flows) move.CountLost();
    }
}
