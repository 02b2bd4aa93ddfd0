//! A graph of calls: who can reach themselves, and how long a chain gets.

/// Nodes are numbers from 0; each has the nodes that it calls.
pub(crate) struct Graph {
    calls: Vec<Vec<usize>>,
    /// Nodes that can all reach one another, or one alone; callees before their callers.
    groups: Vec<Vec<usize>>,
}

impl Graph {
    pub(crate) fn new(calls: Vec<Vec<usize>>) -> Self {
        let groups = Search::new(&calls).run();
        Self { calls, groups }
    }

    /// The groups in which a chain of calls can go round.
    pub(crate) fn recursive(&self) -> impl Iterator<Item = &[usize]> {
        let calls_itself = |node: usize| self.callees(node).contains(&node);
        self.groups.iter().map(Vec::as_slice).filter(move |group| match group {
            [node] => calls_itself(*node),
            _ => true,
        })
    }

    /// The largest sum of weights along a chain of groups; a group weighs what all of its nodes
    /// do, which is more than any chain in it on which no node is twice.
    pub(crate) fn longest(&self, weight: impl Fn(usize) -> u64) -> u64 {
        let mut below = vec![0; self.calls.len()];
        let mut longest = 0;
        for group in &self.groups {
            let callees = group.iter().flat_map(|node| self.callees(*node));
            // what the group itself has is still 0
            let rest = callees.filter_map(|callee| below.get(*callee)).max().copied().unwrap_or(0);
            let own: u64 = group.iter().map(|node| weight(*node)).sum();
            for node in group {
                if let Some(chain) = below.get_mut(*node) {
                    *chain = own + rest;
                }
            }
            longest = longest.max(own + rest);
        }
        longest
    }

    fn callees(&self, node: usize) -> &[usize] {
        self.calls.get(node).map_or(&[], Vec::as_slice)
    }
}

/// Tarjan's search, without recursion of its own.
struct Search<'g> {
    calls: &'g [Vec<usize>],
    /// When a node was first met, and the earliest one open that it reaches; from 1, 0 for neither.
    met: Vec<usize>,
    earliest: Vec<usize>,
    clock: usize,
    open: Vec<usize>,
    is_open: Vec<bool>,
    groups: Vec<Vec<usize>>,
}

impl<'g> Search<'g> {
    fn new(calls: &'g [Vec<usize>]) -> Self {
        let count = calls.len();
        Self {
            calls,
            met: vec![0; count],
            earliest: vec![0; count],
            clock: 0,
            open: Vec::new(),
            is_open: vec![false; count],
            groups: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Vec<usize>> {
        for root in 0..self.calls.len() {
            if get(&self.met, root) == 0 {
                self.from(root);
            }
        }
        self.groups
    }

    fn from(&mut self, root: usize) {
        self.enter(root);
        // nodes under way, with the callee that each is at
        let mut way = vec![(root, 0)];
        while let Some((node, at)) = way.last_mut() {
            let node = *node;
            match self.calls.get(node).and_then(|calls| calls.get(*at)) {
                Some(&callee) => {
                    *at += 1;
                    if get(&self.met, callee) == 0 {
                        self.enter(callee);
                        way.push((callee, 0));
                    } else if get(&self.is_open, callee) {
                        self.lower(node, get(&self.met, callee));
                    }
                }
                None => {
                    way.pop();
                    if let Some((caller, _)) = way.last() {
                        self.lower(*caller, get(&self.earliest, node));
                    }
                    self.leave(node);
                }
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.clock += 1;
        set(&mut self.met, node, self.clock);
        set(&mut self.earliest, node, self.clock);
        set(&mut self.is_open, node, true);
        self.open.push(node);
    }

    fn lower(&mut self, node: usize, earliest: usize) {
        let least = get(&self.earliest, node).min(earliest);
        set(&mut self.earliest, node, least);
    }

    /// Closes a group, when its first node has been left.
    fn leave(&mut self, node: usize) {
        if get(&self.earliest, node) != get(&self.met, node) {
            return;
        }
        let mut group = Vec::new();
        while let Some(member) = self.open.pop() {
            set(&mut self.is_open, member, false);
            group.push(member);
            if member == node {
                break;
            }
        }
        self.groups.push(group);
    }
}

fn get<T: Copy + Default>(values: &[T], at: usize) -> T {
    values.get(at).copied().unwrap_or_default()
}

fn set<T>(values: &mut [T], at: usize, value: T) {
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(calls: &[&[usize]]) -> (Vec<Vec<usize>>, u64) {
        let graph = Graph::new(calls.iter().map(|calls| calls.to_vec()).collect());
        let mut groups: Vec<Vec<usize>> = graph.recursive().map(<[_]>::to_vec).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        (groups, graph.longest(|_| 1))
    }

    #[test]
    fn chains_and_rounds() {
        assert_eq!(groups(&[]), (vec![], 0));
        assert_eq!(groups(&[&[]]), (vec![], 1));
        assert_eq!(groups(&[&[0]]), (vec![vec![0]], 1));
        // a diamond with a long side
        assert_eq!(groups(&[&[1, 4], &[2], &[3], &[4], &[]]), (vec![], 5));
        // 0 to a round of 1, 2 and 3, to 4
        assert_eq!(groups(&[&[2], &[2], &[3, 4], &[1], &[]]), (vec![vec![1, 2, 3]], 5));
        // two rounds that share a node are one
        assert_eq!(groups(&[&[1, 2], &[0], &[0, 3], &[3]]), (vec![vec![0, 1, 2], vec![3]], 4));
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let calls: Vec<Vec<usize>> = (0..100_000).map(|node| vec![node + 1]).collect();
        let mut calls = calls;
        calls.push(Vec::new());
        assert_eq!(Graph::new(calls).longest(|_| 1), 100_001);
    }
}
